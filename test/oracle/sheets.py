"""Random signals and sheets. Only valid ones: what publish() refuses is tested elsewhere."""

from values import KINDS, Values

# Signals beside the plain ones on the events; two of them fail on some rows.
CONDITIONS = ["page LIKE '/pricing%'", "100 / amount > 3", "amount < 0", "page IS NULL OR amount > 10",
              "page ~ 'a' AND kind <> 'open'"]


class Sheets(Values):
    def make_signals(self):
        rows = []

        def add(name, source, **columns):
            rows.append({"name": name, "source": source, **columns})

        for kind in KINDS[:4]:
            add(kind, "event", event_type=kind,
                distinct_by=self.r.choice(["page", "page", "amount", "lower(page)"]),
                value=self.r.choice(["amount", "amount * 1.5", None]),
                is_activity=self.r.choice([None, None, kind != "open"]))
        add("special", "event", event_type=self.r.choice(KINDS + [None]), condition=self.r.choice(CONDITIONS),
            value=self.r.choice(["amount", "100 / amount", "amount / 7"]))
        add("order", "purchase", value="total", distinct_by=self.r.choice(["total", None, "total::integer"]))
        add("big order", "purchase", condition="total > 50", is_activity=False)
        add("manager", "profile", condition="job LIKE 'manager%'")
        add("income", "profile", value="income", condition=self.r.choice([None, "income > 0"]))
        add("born", "profile", occurred_on="born")
        add("trial end", "profile", occurred_on=self.r.choice(["trial_end - 21", "trial_end"]),
            condition="trial_end IS NOT NULL")
        if self.chance(0.3):   # another name for what is counted already
            rows.append(dict(rows[self.r.randrange(4)], name="twin"))
        self.signals = [s["name"] for s in rows]
        self.event_signals = [s["name"] for s in rows if s["source"] != "profile"]
        return rows

    def make_rule(self, number, groups, bands):
        measure = self.r.choice(self.measures)
        rule = {"name": f"r{number}", "position": self.r.randrange(4), "measure": measure,
                "points": self.points(), "signal": self.r.choice(self.signals + self.event_signals),
                "component": self.r.choice(["engagement", "engagement", "fit"])}
        rule.update(getattr(self, "of_" + measure)(rule))
        rule.update(self.clamp(0.1))
        if groups and (self.contest or self.chance(0.5)):
            group = self.r.choice(groups)
            rule.update(rule_group=group["name"], component=group["component"])
        if self.chance(0.2):
            rule.update(self.guard("guard_"))
        counts = rule["signal"] is not None and measure != "inactivity"
        if counts and self.chance(0.15):
            rule["since_signal"] = self.r.choice([s for s in self.signals if s != rule["signal"]])
        if counts and self.chance(0.2):
            rule["valid_from"] = self.date(400, -200)
        if counts and self.chance(0.2):
            rule["valid_to"] = self.date(400, 100)
        if "valid_from" in rule and "valid_to" in rule and rule["valid_from"] > rule["valid_to"]:
            rule["valid_from"], rule["valid_to"] = rule["valid_to"], rule["valid_from"]
        if self.chance(0.06):
            rule["enabled"] = False
        if self.chance(0.06):
            rule["disqualifies"] = True
        if self.chance(0.1) and bands:
            rule["forces_band"] = self.r.choice(bands)["name"]
        if self.chance(0.1):
            rule["hand_raise"] = True
        return rule

    def limit(self, per_item=None):
        if not self.chance(0.5):
            return {}
        return {"repeat_limit": self.r.choice([1, 1, 2, 3]),
                "repeat_period": self.r.choice(["ever", "day", "week", "month", "quarter", "year"]),
                "repeat_per_item": self.chance(0.5) if per_item is None else per_item}

    def decay(self):
        decay = self.r.choice(["none", "exponential", "exponential", "linear", "step", "expire"])
        d = {"decay": decay}
        if decay == "exponential":
            d["half_life"] = self.r.choice([self.interval(), "7 days", "36 hours", "1 month 5 hours", "90 days"])
        if decay in ("linear", "expire"):
            d["lifespan"] = self.interval()
        if decay == "step":
            d.update(lose_percent=self.r.choice([50, 10, 33.333, 100, 0.5, 25]), lose_every=self.interval())
        if decay != "none" and self.chance(0.4):
            d["decay_anchor"] = "activity"
        return d

    def of_occurrences(self, rule):
        return {**self.decay(), **self.limit()}

    def of_value(self, rule):
        return self.decay()

    def of_tiers(self, rule):
        count_by = self.r.choice(["occurrences", "occurrences", "items", "value"])
        tiers = []
        for position in range(1, self.r.randrange(2, 5)):
            tier = {"position": position, "points": self.points(), **self.window()}
            tier["min"] = self.r.choice([None, 0, 1, 2, 3, 10])
            if self.chance(0.3):
                tier["max"] = (tier["min"] or 1) + self.r.choice([0, 1, 5, 100])
            tiers.append(tier)
        limit = {} if count_by == "value" else self.limit(True if count_by == "items" else None)
        return {"points": None, "count_by": count_by, "window_anchor": self.r.choice(["now", "now", "last"]),
                "tiers": tiers, **limit}

    def of_inactivity(self, rule):
        extra = {"inactive_after": self.interval()}
        if self.chance(0.6):
            extra["inactive_every"] = self.interval()
            if self.chance(0.6):
                extra["max_times"] = self.r.choice([1, 2, 5])
        if self.chance(0.4):
            extra["ceiling"] = self.r.choice([0, 5, 20, -3])
        extra["points"] = 0 if "ceiling" in extra and self.chance(0.5) else -abs(self.points())
        extra["signal"] = self.r.choice([None, None] + self.event_signals)
        return extra

    def of_cycle(self, rule):
        extra = {"signal": self.r.choice(["order", "order", "form", "big order"])}
        if self.chance(0.5):
            extra["cycle_learned"] = True
        if not extra.get("cycle_learned") or self.chance(0.5):
            extra["cycle"] = self.interval()
        if self.chance(0.6):
            extra["cycle_step"] = self.interval(short=True)
        if self.chance(0.5):
            extra["cycle_hold"] = self.interval()
        return extra

    def of_season(self, rule):
        kind = self.r.randrange(3)
        if kind == 0:
            windows = [["03-01/05-31"], ["11-15/02-10"], ["02-29/03-01", "10-31/10-31"], ["12-31/01-01"]]
            return {"signal": None, "season_windows": self.r.choice(windows)}
        if kind == 1:
            return {"signal": None, "season_months": sorted(self.r.sample(range(1, 13), self.r.choice([1, 3])))}
        return {"season_learned": True, "signal": self.r.choice(self.event_signals)}

    def make_sheet(self, name):
        # Some sheets have one measure, so that its rules meet; some have plain points, so that sums are equal.
        usual = ["occurrences"] * 4 + ["value"] * 2 + ["tiers"] * 3 + ["inactivity", "cycle", "cycle", "season"]
        self.measures = [self.r.choice(sorted(set(usual))), "occurrences"] if self.chance(0.3) else usual
        self.contest = self.chance(0.12)   # of personas, whose sums are often equal
        self.plain = self.contest or self.chance(0.3)
        sheet = {"name": name, "columns": {}, "groups": [], "grades": [], "bands": [], "rules": []}
        columns = sheet["columns"]
        columns["min_score"] = self.r.choice([0, 0, -100, -1000, 5, -7.5])
        if self.chance(0.4):
            columns["max_score"] = self.r.choice([30, 100, 60.5])
        columns.update(self.clamp(0.15, "min_engagement", "max_engagement"))
        columns.update(self.clamp(0.15, "min_fit", "max_fit"))
        if self.chance(0.3):
            columns["activity"] = self.r.sample(self.event_signals, self.r.choice([1, 3]))
        if self.chance(0.3):
            columns.update(self.guard("segment_"))
        for n in range(3 if self.contest else self.r.choice([0, 1, 3, 4])):
            component = "fit" if self.contest else self.r.choice(["engagement", "fit", "fit"])
            group = {"name": f"g{n}", "component": component, "position": self.r.randrange(2)}
            group.update(self.clamp(0.4))
            if group["component"] == "fit":
                group["persona"] = self.contest or self.chance(0.8)
            sheet["groups"].append(group)
        for kind in ("grade", "level"):
            for n in range(self.r.choice([0, 2, 3])):
                sheet["grades"].append({"kind": kind, "name": f"{kind[0]}{n}", "threshold": n * 12 - 6})
        rank = 0
        for n in range(self.r.choice([0, 1, 2, 3])):
            rank += self.r.choice([1, 2])
            sheet["bands"].append(self.make_band(n, rank, sheet["grades"]))
        for n in range(self.r.choice([1, 3, 5, 9])):
            sheet["rules"].append(self.make_rule(n, sheet["groups"], sheet["bands"]))
        if not any(rule.get("enabled", True) for rule in sheet["rules"]):
            sheet["rules"][0].pop("enabled")
        return sheet

    def make_band(self, n, rank, grades):
        """Minima that differ from band to band, so that no two bands are the same."""
        band = {"name": f"b{n}", "rank": rank, "min_score": n * 10 + self.r.choice([0, 5])}
        if n == 0 and self.chance(0.2):
            band.pop("min_score")
        else:
            band["exclusive"] = self.chance(0.3)
        if self.chance(0.2):
            band["min_fit"] = self.r.choice([0, 5])
        if self.chance(0.2):
            band["min_engagement"] = self.r.choice([-5, 10])
        for kind in ("grade", "level"):
            names = [g["name"] for g in grades if g["kind"] == kind]
            if names and self.chance(0.25):
                band["min_" + kind] = self.r.choice(names)
        return band
