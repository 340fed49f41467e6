"""Runs random scenarios against a server until CASES cases are compared: soak.py DATABASE CASES SEED.

A case is one (sheet, lead, instant). Scenario number n of a seed is always the same one. The last line is
"N passed, N failed"; of the first failure the smallest scenario found is printed as SQL.
"""

import copy
import json
import re
import subprocess
import sys
import time

import generate
import scenario_sql
import shrink

MAX_BAD = 20   # scenarios; what they show is usually one thing
MARK = "--- end of answers ---"
SETTINGS = "SET client_min_messages = warning; SET statement_timeout = '120s';"


class Database:
    """One psql that is fed scripts and answers with the lines it printed."""

    def __init__(self, name):
        self.name = name
        self.psql = None

    def run(self, script):
        if self.psql is None or self.psql.poll() is not None:
            self.psql = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", self.name], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            script = SETTINGS + "\n" + script
        lines = []
        try:
            self.psql.stdin.write(script + f"\n\\echo '{MARK}'\n")
            self.psql.stdin.flush()
        except BrokenPipeError:
            pass
        for line in self.psql.stdout:
            if line.rstrip("\n") == MARK:
                return lines
            lines.append(line.rstrip("\n"))
        self.psql.wait()
        return lines + ["ERROR:  the connection was lost"]


class Outcome:
    """What running a scenario showed."""

    def __init__(self, lines):
        self.cases = 0
        self.failed_cases = 0
        self.failures = []     # dicts with what, and for comparisons sheet, lead, as_of, extension, oracle
        for line in lines:
            if re.search(r"(^|: )(ERROR|FATAL|PANIC):", line):
                self.failures.append({"what": "error", "extension": line})
            elif line.startswith("verify "):
                self.failures.append({"what": "verify", "extension": line[7:]})
            elif line.startswith("compare "):
                answer = json.loads(line[8:])
                self.cases += answer["cases"]
                self.failures += answer["differences"]
                self.failed_cases += len({(d["sheet"], d["lead"], d["as_of"]) for d in answer["differences"]})
        if self.failures and not self.failed_cases:
            self.failed_cases = 1
        self.cases = max(self.cases, self.failed_cases)

    def kinds(self):
        """What went wrong, without the particulars, in order."""
        return [re.sub(r"[\d\"'].*", "", f["extension"]) if f["what"] == "error" else f["what"] for f in self.failures]


def run(database, scenario):
    database.run(scenario_sql.CLEAN)
    return Outcome(database.run(scenario_sql.whole(scenario)))


def report(seed, number, scenario, outcome):
    first = outcome.failures[0]
    print(f"-- seed {seed}, scenario {number}: {first['what']} differs", flush=True)
    for name in ("sheet", "lead", "as_of"):
        if name in first:
            print(f"-- {name}: {first[name]}")
    for side in ("extension", "oracle"):
        print(f"-- {side}:\n--   " + str(first.get(side)).replace("\n", "\n--   "))
    print(scenario_sql.whole(scenario), flush=True)


def main():
    name, wanted, seed = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    database = Database(name)
    passed = failed = 0
    number = bad = 0
    began = shown = time.monotonic()
    while passed + failed < wanted:
        number += 1
        scenario = generate.scenario(f"{seed}-{number}")
        outcome = run(database, scenario)
        passed += outcome.cases - outcome.failed_cases
        failed += outcome.failed_cases
        if outcome.failures:
            print(f"seed {seed}, scenario {number}: {len(outcome.failures)} failures, first: {outcome.kinds()[0]}",
                  flush=True)
            bad += 1
            if bad == 1:
                small, seen = shrink.smallest(copy.deepcopy(scenario), outcome, lambda s: run(database, s))
                report(seed, number, small, seen)
            if bad == MAX_BAD:
                print(f"{bad} scenarios failed, giving up")
                break
        if time.monotonic() - shown > 15:
            shown = time.monotonic()
            print(f"{passed + failed} of {wanted} cases, {number} scenarios, {shown - began:.0f} s", flush=True)
    database.run(scenario_sql.CLEAN)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
