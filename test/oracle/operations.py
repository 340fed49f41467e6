"""Random rows and random operations on the tables that hold them."""

from values import KINDS, Values, quote


class Operations(Values):
    def event_row(self):
        lead = None if self.chance(0.02) else self.r.choice(self.keys[:3] * 6 + self.keys[3:5])
        return {"lead": lead, "at": self.event_time(), "kind": self.r.choice(KINDS[:4] * 3 + ["other", None]),
                "page": self.r.choice(["/pricing", "/pricing/eu", "/a", "/b", "", None]),
                "amount": self.r.choice([20000000000, "NaN"]) if self.chance(0.02) else
                self.r.choice([0, 1, 10, 100.12345, -3.5, None, 33, 0.00005, -0.00005, 7, 250])}

    def purchase_row(self):
        bought = None if self.chance(0.02) else self.moment(900).split()[0]
        return {"customer": self.r.choice(self.keys[:4]), "bought": bought,
                "total": self.r.choice([10, 60.5, 1000, -20, None, 0])}

    def lead_row(self, key):
        return {"id": key, "created_at": None if self.chance(0.2) else self.moment(),
                "job": self.r.choice(["manager", "manager IT", "manager", "student", None]),
                "income": self.r.choice([0, 1000.55555, 50, None, -1]),
                "born": self.r.choice(["1960-02-29", "1992-06-30", "2021-04-01", None, "infinity"]),
                "trial_end": self.r.choice([None, "2021-04-21", "2022-01-21", "2020-03-31"])}

    def make_operation(self):
        r = self.r
        key = quote(r.choice(self.keys))
        other = quote(r.choice(self.keys))
        where = r.choice(["id % 3 = 0", "id % 7 = 1", "kind = 'open'", f"lead = {key}", "amount < 5",
                          "id % 2 = 0"])
        kind = r.randrange(18)
        event, values = ["lead", "at", "kind", "page", "amount"], self.event_row
        if kind == 8 and self.chance(0.3):
            return {"sql": r.choice(["TRUNCATE purchase", "TRUNCATE event", "TRUNCATE event, purchase"])}
        if kind < 3 or kind == 8:
            return {"insert": "event", "rows": [values() for _ in range(r.choice([1, 1, 4, 12]))]}
        if kind == 3:
            return {"copy": "event", "rows": [values() for _ in range(r.choice([1, 8]))]}
        if kind == 4:
            return {"insert": "purchase", "rows": [self.purchase_row() for _ in range(r.choice([1, 5]))]}
        if kind == 5:   # the key changes: a merge of two leads
            return {"sql": f"UPDATE event SET lead = {key} WHERE lead = {other}; "
                           f"UPDATE purchase SET customer = {key} WHERE customer = {other}"}
        if kind == 6:
            what = r.choice(["at = at + interval '1 month'", "amount = -amount", "kind = 'form'", "page = NULL",
                             "at = at - interval '30 minutes', amount = 0", "lead = NULL"])
            return {"sql": f"UPDATE event SET {what} WHERE {where}"}
        if kind == 7:
            return {"sql": f"DELETE FROM event WHERE {where}"}
        if kind == 9:
            row = values()
            lines = ", ".join(quote(row[c]) for c in event)
            return {"sql": f"""MERGE INTO event AS e USING (SELECT * FROM event WHERE id % 4 <= 1) AS s
  ON e.id = s.id AND s.id % 4 = 0
  WHEN MATCHED AND e.kind = 'open' THEN DELETE
  WHEN MATCHED THEN UPDATE SET amount = e.amount + 1, lead = {key}
  WHEN NOT MATCHED THEN INSERT ({', '.join(event)}) VALUES ({lines})"""}
        if kind == 10:
            # ids below 0 are new or come from an earlier such statement; the others are there already
            names = ", ".join(event)
            rows = [[quote(i)] + [quote(None if v is None else str(v)) for v in values().values()]
                    for i in r.sample(range(-6, 0), 3)]
            body = ", ".join("(" + ", ".join(row) + ")" for row in rows)
            return {"sql": f"""INSERT INTO event (id, {names})
  SELECT v.id, v.lead::{self.key_type}, v.at::{self.at_type}, v.kind, v.page, v.amount::numeric
  FROM (VALUES {body}) AS v (id, {names})
  UNION ALL SELECT id, {key}, at, 'visit', page, 2 FROM event WHERE id > 0 AND id % 9 = 0
  ON CONFLICT (id) DO UPDATE SET (lead, at, kind) = (excluded.lead, excluded.at, excluded.kind)"""}
        if kind == 11:   # undone in part
            row = values()
            lines = ", ".join(quote(row[c]) for c in event)
            insert = f"INSERT INTO event ({', '.join(event)}) VALUES ({lines})"
            return {"sql": f"BEGIN; {insert}; SAVEPOINT s; DELETE FROM event WHERE {where}; {insert}; "
                           f"ROLLBACK TO s; UPDATE event SET page = '/b' WHERE {where}; "
                           + r.choice(["COMMIT", "COMMIT", "ROLLBACK"])}
        if kind == 12:   # a block that fails and is caught
            return {"sql": f"DO $$ BEGIN DELETE FROM event WHERE {where}; UPDATE lead SET job = 'x'; "
                           "RAISE EXCEPTION 'no'; EXCEPTION WHEN raise_exception THEN NULL; END $$"}
        if kind == 13:
            what = r.choice(["job = 'manager'", "income = income * 2", "born = '1992-06-30'",
                             "trial_end = trial_end + 1", "created_at = created_at - interval '40 days'"])
            return {"sql": f"UPDATE lead SET {what} WHERE id = {key}"}
        if kind == 14:
            row = self.lead_row(r.choice(self.keys))
            body = ", ".join(quote(v) for v in row.values())
            return {"sql": f"INSERT INTO lead ({', '.join(row)}) VALUES ({body}) "
                           "ON CONFLICT (id) DO UPDATE SET job = excluded.job"}
        if kind == 15:   # rows leave and come back as others, in one statement
            return {"sql": f"WITH gone AS (DELETE FROM event WHERE {where} RETURNING *) "
                           f"INSERT INTO event (lead, at, kind, page, amount) "
                           f"SELECT {key}, at - interval '1 day', kind, page, amount FROM gone"}
        if kind == 16:
            if self.partitioned:
                return {"sql": r.choice([f"DELETE FROM event_0 WHERE {where}", "TRUNCATE event_1",
                                         f"UPDATE event_1 SET kind = 'open' WHERE {where}"])}
            return {"sql": "CALL lead_scoring.rebuild('soak')"}
        return {"sql": r.choice([f"DELETE FROM lead WHERE id = {key}",
                                 f"UPDATE lead SET id = {other} WHERE id = {key} "
                                 f"AND NOT EXISTS (SELECT FROM lead WHERE id = {other})"])}
