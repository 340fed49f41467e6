"""Random scenarios for the soak: an audience with its tables, sheets, operations and instants.

A scenario is plain data (dicts and lists), so that shrink.py can leave parts out; scenario_sql.py turns it into
SQL.
"""

from operations import Operations
from sheets import CONDITIONS, Sheets
from values import quote


SPANS = ["within", "older_than", "guard_within", "guard_older_than", "segment_within", "segment_older_than",
         "half_life", "lifespan", "lose_every", "inactive_after", "inactive_every", "cycle", "cycle_step", "cycle_hold"]


def sheet_spans(sheet):
    """The spans of every row of a sheet that has some, in the order in which they may be added up."""
    rows = [sheet["columns"]] + sheet["rules"] + [tier for rule in sheet["rules"] for tier in rule.get("tiers", [])]
    found = [[row[column] for column in SPANS if column in row] for row in rows]
    return [spans for spans in found if spans]


class Maker(Sheets, Operations):
    def instant(self, sheets, moments):
        """An instant as an SQL expression: any, or where something may end: a row's time plus a sheet's spans."""
        if self.chance(0.1):
            far = self.r.choice(["1500-01-01", "2100-02-28 23:59:59.999999", "9000-06-30", "2040-12-31"])
            return quote(far + " UTC")
        spans = [row_spans for sheet in sheets for row_spans in sheet_spans(sheet)]
        if self.chance(0.4) or not moments or not spans:
            return quote(f"{self.moment(500, 400)} {self.r.choice([self.zone, 'UTC'])}")
        first, *others = self.r.choice(spans)
        span = f"interval {quote(first)}"
        if others:
            span += f" + {self.r.choice([0, 1, 1, 2])} * interval {quote(self.r.choice(others))}"
        early = self.r.choice(["", "", f" - interval '1 {self.resolution}'"])
        return (f"(date_trunc('{self.resolution}', timestamp {quote(self.r.choice(moments))}) + ({span}){early}) "
                f"AT TIME ZONE {quote(self.zone)}")

    def scenario(self):
        signals = self.make_signals()
        sheets = [self.make_sheet(name) for name in ("s1", "s2", "S 3", "s'4")[:self.r.choice([2, 4])]]
        setup = [{"insert": "lead", "rows": [self.lead_row(k) for k in self.keys[:3]]}]
        setup += [{"insert": "event", "rows": [self.event_row() for _ in range(self.r.choice([3, 60, 150]))]},
                  {"insert": "purchase", "rows": [self.purchase_row() for _ in range(self.r.choice([0, 10, 20]))]}]
        moments = [time for operation in setup for row in operation["rows"]
                   for time in (row.get("at"), row.get("bought"))
                   if time and time[0] in "12" and time[:5] not in ("12000", "1399-")]
        self.r.shuffle(setup)
        rounds = []
        for _ in range(2):
            step = {"operations": [self.make_operation() for _ in range(self.r.choice([1, 4, 8]))],
                    "instants": [self.instant(sheets, moments) for _ in range(3)]}
            if self.chance(0.3):   # new points for a sheet, counted before or never
                step["sheet"] = self.make_sheet(self.r.choice(sheets)["name"])
            if self.chance(0.2):
                step["signal"] = {"name": "special", "condition": self.r.choice(CONDITIONS), "value": "amount"}
            rounds.append(step)
        return {"resolution": self.resolution, "zone": self.zone, "key_type": self.key_type,
                "at_type": self.at_type,
                "created": self.chance(0.6), "partitioned": self.partitioned, "history": self.chance(0.5),
                "session_zone": self.r.choice(["UTC", "Asia/Tokyo", self.zone]),
                "signals": signals, "sheets": sheets, "setup": setup, "rounds": rounds,
                "append_when_busy": self.chance(0.3)}


def scenario(seed):
    return Maker(seed).scenario()
