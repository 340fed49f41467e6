"""Random values: times on hard dates, intervals, points, and what several parts of a sheet share."""

import datetime
import random

DAY, HOUR = "day", "hour"
ZONES = ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo",
         "Pacific/Apia"]
# Dates on which calendars go wrong: month ends, leap days, clock changes of the zones, a day that Apia skipped.
HARD_DATES = ["2020-02-28", "2020-02-29", "2020-03-01", "2021-02-28", "2021-03-28", "2021-03-31", "2021-01-31",
              "2021-04-30", "2021-10-31", "2021-11-07", "2021-03-14", "2021-04-04", "2021-10-03", "2020-12-31",
              "2021-01-01", "2021-01-03", "2021-01-04", "2011-12-30", "2011-12-31", "2000-01-01", "1999-12-31"]
KEYS = {
    "integer": [1, 2, 3, 40, -5, 2147483647],
    "bigint": [1, 2, 9223372036854775807, -4, 77, 78],
    "uuid": [f"0000000{i}-aaaa-4bbb-8ccc-0123456789a{i}" for i in range(6)],
    "text": ["anna", "o'neil", "Ünï", "a b", "", "ANNA"],
}
KINDS = ["visit", "open", "form", "reject", "other"]


def quote(value):
    """An SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return "ARRAY[" + ",".join(quote(v) for v in value) + "]"
    return "'" + str(value).replace("'", "''") + "'"


class Values:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.resolution = self.r.choice([DAY, DAY, HOUR])
        self.zone = self.r.choice(ZONES)
        self.key_type = self.r.choice(list(KEYS))
        self.at_type = self.r.choice(["timestamptz", "timestamptz", "timestamp"])
        self.keys = KEYS[self.key_type]
        self.partitioned = self.chance(0.3)

    def chance(self, p):
        return self.r.random() < p

    def moment(self, spread=400, later=0):
        """A wall-clock time, mostly around 2021, often on a hard date."""
        if self.chance(0.2):
            day = self.r.choice(HARD_DATES)
        else:
            day = None
        hour, minute = self.r.choice([(0, 0), (23, 59), (1, 30), (2, 0), (12, 0), (self.r.randrange(24), 17)])
        clock = f"{hour:02}:{minute:02}:{self.r.choice(['00', '59.999999', '30'])}"
        if day:
            return f"{day} {clock}"
        return f"{self.date(spread, later)} {clock}"

    def date(self, spread=400, later=0):
        days = later + int(self.r.triangular(-spread, spread, 0))
        return str(datetime.date(2021, 3, 1) + datetime.timedelta(days=days))

    def event_time(self):
        odd = self.r.random()
        if odd < 0.02:
            return None
        if odd < 0.04:
            return self.r.choice(["infinity", "-infinity", "1399-06-01", "12000-01-01"])
        if odd < 0.10:
            return f"{self.r.choice([2030, 2023, 1969, 2400, 1400])}-05-31 10:00"
        return self.moment()

    def points(self):
        if self.plain:
            return self.r.choice([5, 5, 10, -5])
        return self.r.choice([1, 5, 10, 3, 30, -10, 7.5, 0.125, -0.001, 12.345, 100, -2.5,
                              self.r.randrange(-50000, 100000) / 1000])

    def interval(self, short=False):
        """Whole ticks; months, days and (hour audiences) hours, alone or together."""
        months, days, hours = self.r.choice([1, 2, 3, 6, 12, 14]), self.r.choice([1, 2, 7, 10, 30, 45, 90]), \
            self.r.choice([1, 2, 5, 24, 36])
        parts = {"months": [months, 0, 0], "days": [0, days, 0], "both": [months, days, 0], "hours": [0, 0, hours],
                 "all": [months, 0, hours]}
        names = ["days"] if short else ["months", "months", "days", "days", "both"]
        if self.resolution == HOUR:
            names += ["hours", "all"]
        m, d, h = parts[self.r.choice(names)]
        return " ".join(f"{n} {w}" for n, w in ((m, "months"), (d, "days"), (h, "hours")) if n)

    def window(self, prefix=""):
        """within and older_than, perhaps; older_than is the shorter one."""
        kind = self.r.random()
        if kind < 0.5:
            return {}
        if kind < 0.8:
            return {prefix + "within": self.interval()}
        if kind < 0.9:
            return {prefix + "older_than": self.interval()}
        return {prefix + "older_than": f"{self.r.choice([1, 5, 9])} days", prefix + "within": "3 months"}

    def guard(self, prefix):
        g = {prefix + "signal": self.r.choice(self.signals)}
        kind = self.r.randrange(4)
        if kind == 1:
            g[prefix + "max"] = self.r.choice([0, 0, 1, 3])
        elif kind == 2:
            g[prefix + "min"] = self.r.choice([1, 2, 3])
        elif kind == 3:
            g.update({prefix + "min": self.r.choice([0, 1]), prefix + "max": self.r.choice([1, 4])})
        g.update(self.window(prefix))
        return g

    def clamp(self, p, low="min_points", high="max_points"):
        c = {}
        if self.chance(p):
            c[low] = self.r.choice([0, -5, -20, -7.25])
        if self.chance(p):
            c[high] = self.r.choice([0, 10, 20, 33.333, 60])
        return c
