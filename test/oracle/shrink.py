"""Leaves out parts of a failing scenario for as long as it fails in the same way."""

import copy


def smallest(scenario, outcome, run):
    """The smallest scenario found and what it showed. run(scenario) gives an outcome with failures and kinds()."""
    kinds = outcome.kinds()

    def fails(candidate):
        nonlocal outcome, scenario
        seen = run(candidate)
        if seen.kinds()[:1] != kinds[:1] or not set(seen.kinds()) <= set(kinds):
            return False
        outcome, scenario = seen, candidate
        return True

    def attempt(change):
        candidate = copy.deepcopy(scenario)
        change(candidate)
        return fails(candidate)

    def thin(pick):
        """Leave out halves, quarters, … and single elements of the list that pick(scenario) gives."""
        size = max(1, len(pick(scenario)) // 2)
        while True:
            start = 0
            while start < len(pick(scenario)):
                def cut(candidate):
                    del pick(candidate)[start:start + size]
                if not attempt(cut):
                    start += size
            if size == 1:
                return
            size //= 2

    def drop_columns(pick, keep):
        for column in [c for c in pick(scenario) if c not in keep]:
            attempt(lambda candidate: pick(candidate).pop(column, None))

    first = outcome.failures[0]
    if "sheet" in first:
        attempt(lambda s: s.update(sheets=[sh for sh in s["sheets"] if sh["name"] == first["sheet"]]))
        for n in range(len(scenario["rounds"])):
            attempt(lambda s: s["rounds"][n].update(instants=["'" + first["as_of"] + "'"]))
            attempt(lambda s: s["rounds"][n].update(instants=[]))
    for n in reversed(range(len(scenario["rounds"]))):
        attempt(lambda s: s["rounds"].pop(n))
    for n in range(len(scenario["rounds"])):
        for part in ("sheet", "signal"):
            if part in scenario["rounds"][n]:
                attempt(lambda s: s["rounds"][n].pop(part))
        thin(lambda s: s["rounds"][n]["instants"])
        thin(lambda s: s["rounds"][n]["operations"])
    thin(lambda s: s["sheets"])

    def sheets(s):
        return s["sheets"] + [step["sheet"] for step in s["rounds"] if "sheet" in step]

    for n in range(len(sheets(scenario))):
        for part in ("rules", "bands", "grades", "groups"):
            thin(lambda s: sheets(s)[n][part])
        drop_columns(lambda s: sheets(s)[n]["columns"], ["min_score"])
        for m in range(len(sheets(scenario)[n]["rules"])):
            thin(lambda s: sheets(s)[n]["rules"][m].get("tiers", []))
            drop_columns(lambda s: sheets(s)[n]["rules"][m], ["name", "measure", "tiers"])
        for m in range(len(sheets(scenario)[n]["groups"])):
            drop_columns(lambda s: sheets(s)[n]["groups"][m], ["name", "component"])

    def operations(s):
        return s["setup"] + [operation for step in s["rounds"] for operation in step["operations"]]

    for n in range(len(operations(scenario))):
        thin(lambda s: operations(s)[n].get("rows", []))
    thin(lambda s: s["signals"])
    for flag in ("partitioned", "history", "created"):
        attempt(lambda s: s.update({flag: False}))
    return scenario, outcome
