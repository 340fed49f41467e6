-- The oracle, part three: from the rules' findings to the output columns.

CREATE FUNCTION oracle.clamp(x numeric, low numeric, high numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS
$$ SELECT greatest(least(x, high), low) $$;

-- A row for whatever changed a sum; nothing when nothing changed.
CREATE FUNCTION oracle.change(kind text, component text, rule_group text, rule text, was numeric, becomes numeric)
RETURNS oracle.line[] IMMUTABLE LANGUAGE sql AS $$
  SELECT CASE WHEN was = becomes THEN '{}'
              ELSE ARRAY[row(component, rule_group, rule, NULL, kind, NULL, NULL, NULL, becomes - was,
                             NULL)::oracle.line]
         END
$$;

-- Sum of the points so far: of a group, of a component, of all.
CREATE FUNCTION oracle.total(lines oracle.line[], component text DEFAULT NULL, rule_group text DEFAULT NULL)
RETURNS numeric IMMUTABLE LANGUAGE sql AS $$
  SELECT coalesce(sum(l.points), 0) FROM unnest(lines) AS l
  WHERE (total.component IS NULL OR l.component = total.component)
    AND (total.rule_group IS NULL OR l.rule_group = total.rule_group)
$$;

-- Rows in the order of the computation: rules with their clamps, groups, personas, components, ceiling, sheet,
-- verdicts. Their sum is the total at every step.
CREATE FUNCTION oracle.sum_lines(sh lead_scoring.sheet, c oracle.scene) RETURNS oracle.line[]
STABLE LANGUAGE plpgsql AS $$
DECLARE
  r     lead_scoring.rule;
  g     lead_scoring.rule_group;
  lines oracle.line[] := '{}';
  one   oracle.line;
  total numeric;
  best  numeric;     -- the highest persona
  side  record;
  low   record;      -- the lowest ceiling
BEGIN
  FOR r IN SELECT * FROM lead_scoring.rule AS x WHERE x.sheet = sh.name AND x.enabled
           ORDER BY x.position, x.name COLLATE "C" LOOP
    one := oracle.rule_line(r, c);
    lines := lines || one || oracle.change('clamp', r.component, r.rule_group, r.name, one.points,
                                           oracle.clamp(one.points, r.min_points, r.max_points));
  END LOOP;

  FOR g IN SELECT * FROM lead_scoring.rule_group AS x WHERE x.sheet = sh.name LOOP
    total := oracle.total(lines, g.component, g.name);
    lines := lines || oracle.change('clamp', g.component, g.name, NULL, total,
                                    oracle.clamp(total, g.min_points, g.max_points));
  END LOOP;

  best := NULL;
  FOR g IN SELECT * FROM lead_scoring.rule_group AS x WHERE x.sheet = sh.name AND x.persona
           ORDER BY oracle.total(lines, 'fit', x.name) DESC, x.position, x.name COLLATE "C" LOOP
    total := oracle.total(lines, 'fit', g.name);
    CONTINUE WHEN total = 0;
    IF best IS NOT NULL THEN
      lines := lines || oracle.change('persona', 'fit', g.name, NULL, total, 0);
    END IF;
    best := total;
  END LOOP;

  FOR side IN VALUES ('engagement', sh.min_engagement, sh.max_engagement), ('fit', sh.min_fit, sh.max_fit) LOOP
    total := oracle.total(lines, side.column1);
    lines := lines || oracle.change('clamp', side.column1, NULL, NULL, total,
                                    oracle.clamp(total, side.column2, side.column3));
  END LOOP;

  SELECT x.name, x.ceiling INTO low
  FROM lead_scoring.rule AS x JOIN unnest(lines) AS l ON l.rule = x.name AND l.kind = 'rule' AND l.holds
  WHERE x.sheet = sh.name AND x.ceiling IS NOT NULL ORDER BY x.ceiling, x.position, x.name COLLATE "C" LIMIT 1;
  total := oracle.total(lines);
  lines := lines || oracle.change('ceiling', NULL, NULL, low.name, total, least(total, low.ceiling));

  total := oracle.total(lines);
  RETURN lines || oracle.change('clamp', NULL, NULL, NULL, total, oracle.clamp(total, sh.min_score, sh.max_score));
END $$;

-- The winner of the personas: the one with a sum that was not taken back.
CREATE FUNCTION oracle.persona(sh lead_scoring.sheet, lines oracle.line[]) RETURNS text STABLE LANGUAGE sql AS $$
  SELECT g.name FROM lead_scoring.rule_group AS g
  WHERE g.sheet = sh.name AND g.persona AND oracle.total(lines, 'fit', g.name) <> 0
$$;

CREATE FUNCTION oracle.graded(sh lead_scoring.sheet, kind text, shown integer) RETURNS lead_scoring.grade
STABLE LANGUAGE sql AS $$
  SELECT g FROM lead_scoring.grade AS g
  WHERE g.sheet = sh.name AND g.kind = graded.kind AND g.threshold <= shown ORDER BY g.threshold DESC LIMIT 1
$$;

CREATE FUNCTION oracle.earned(b lead_scoring.band, e oracle.evaluation, grade lead_scoring.grade,
                              level lead_scoring.grade) RETURNS boolean STABLE LANGUAGE sql AS $$
  SELECT (b.min_score IS NULL OR CASE WHEN b.exclusive THEN e.score > b.min_score ELSE e.score >= b.min_score END)
     AND (b.min_fit IS NULL OR e.fit >= b.min_fit)
     AND (b.min_engagement IS NULL OR e.engagement >= b.min_engagement)
     AND (b.min_grade IS NULL OR coalesce(grade.threshold >= (SELECT threshold FROM lead_scoring.grade AS g
            WHERE g.sheet = b.sheet AND g.kind = 'grade' AND g.name = b.min_grade), false))
     AND (b.min_level IS NULL OR coalesce(level.threshold >= (SELECT threshold FROM lead_scoring.grade AS g
            WHERE g.sheet = b.sheet AND g.kind = 'level' AND g.name = b.min_level), false))
$$;

-- All the lines and all the output columns of one lead at one tick.
CREATE FUNCTION oracle.judge(sh lead_scoring.sheet, c oracle.scene,
                             OUT lines oracle.line[], OUT e oracle.evaluation)
STABLE LANGUAGE plpgsql AS $$
DECLARE
  grade  lead_scoring.grade;
  level  lead_scoring.grade;
  holds  text[];      -- rules that hold
  total  numeric;
  verdict record;
BEGIN
  lines := oracle.sum_lines(sh, c);
  holds := ARRAY(SELECT rule FROM unnest(lines) AS l WHERE l.kind = 'rule' AND l.holds);
  total := oracle.total(lines);

  SELECT x.name INTO verdict FROM lead_scoring.rule AS x
  WHERE x.sheet = sh.name AND x.name = ANY (holds) AND x.disqualifies
  ORDER BY x.position, x.name COLLATE "C" LIMIT 1;
  e.disqualified := FOUND;
  IF e.disqualified THEN
    lines := lines || row(NULL, NULL, verdict.name, NULL, 'verdict', NULL, NULL, NULL, sh.min_score - total,
                          'disqualified')::oracle.line;
    total := sh.min_score;
  END IF;

  e.score := round(total);
  e.engagement := round(oracle.total(lines, 'engagement'));
  e.fit := round(oracle.total(lines, 'fit'));
  grade := oracle.graded(sh, 'grade', e.fit);
  level := oracle.graded(sh, 'level', e.engagement);
  e.grade := grade.name;
  e.level := level.name;
  e.persona := oracle.persona(sh, lines);
  e.last_active_on := c.active_at::date;
  e.in_segment := oracle.is_open(c, sh.segment_signal, sh.segment_min, sh.segment_max, sh.segment_within,
                                 sh.segment_older_than);
  e.hand_raised := EXISTS (SELECT FROM lead_scoring.rule AS x
                           WHERE x.sheet = sh.name AND x.name = ANY (holds) AND x.hand_raise);
  e.band := CASE WHEN e.disqualified THEN 'disqualified' ELSE (
    SELECT b.name FROM lead_scoring.band AS b
    WHERE b.sheet = sh.name
      AND (oracle.earned(b, e, grade, level)
           OR b.name IN (SELECT x.forces_band FROM lead_scoring.rule AS x
                         WHERE x.sheet = sh.name AND x.name = ANY (holds)))
    ORDER BY b.rank DESC LIMIT 1) END;
END $$;
