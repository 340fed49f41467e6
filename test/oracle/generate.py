"""Random scenarios for the soak: an audience with its tables, sheets, operations and instants.

A scenario is plain data (dicts and lists), so that shrink.py can leave parts out; scenario_sql.py turns it into
SQL.
"""

from operations import Operations
from sheets import CONDITIONS, Sheets


class Maker(Sheets, Operations):
    def instant(self):
        if self.chance(0.1):
            return self.r.choice(["1500-01-01", "2100-02-28 23:59:59.999999", "9000-06-30", "2040-12-31"]) + " UTC"
        return f"{self.moment(500, 400)} {self.r.choice([self.zone, 'UTC'])}"

    def scenario(self):
        signals = self.make_signals()
        sheets = [self.make_sheet(name) for name in ("s1", "s2", "S 3", "s'4")[:self.r.choice([2, 4])]]
        setup = [{"insert": "lead", "rows": [self.lead_row(k) for k in self.keys[:3]]}]
        setup += [{"insert": "event", "rows": [self.event_row() for _ in range(self.r.choice([3, 60, 150]))]},
                  {"insert": "purchase", "rows": [self.purchase_row() for _ in range(self.r.choice([0, 10, 20]))]}]
        self.r.shuffle(setup)
        rounds = []
        for _ in range(2):
            step = {"operations": [self.make_operation() for _ in range(self.r.choice([1, 4, 8]))],
                    "instants": [self.instant() for _ in range(3)]}
            if self.chance(0.3):   # new points for a sheet, counted before or never
                step["sheet"] = self.make_sheet(self.r.choice(sheets)["name"])
            if self.chance(0.2):
                step["signal"] = {"name": "special", "condition": self.r.choice(CONDITIONS), "value": "amount"}
            rounds.append(step)
        return {"resolution": self.resolution, "zone": self.zone, "key_type": self.key_type,
                "at_type": self.at_type,
                "created": self.chance(0.6), "partitioned": self.partitioned, "history": self.chance(0.5),
                "session_zone": self.r.choice(["UTC", "Asia/Tokyo", self.zone]),
                "signals": signals, "sheets": sheets, "setup": setup, "rounds": rounds}


def scenario(seed):
    return Maker(seed).scenario()
