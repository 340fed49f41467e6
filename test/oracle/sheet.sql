-- The oracle, part three: from the rules' findings to the output columns.

CREATE FUNCTION oracle.clamp(x numeric, low numeric, high numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS
$$ SELECT greatest(least(x, high), low) $$;

-- A row for whatever changed a sum; nothing when nothing changed. The words stand where a rule row has the rule's
-- name; the reason is what caused it: a rule, the winning persona, or nothing but the sheet itself.
CREATE FUNCTION oracle.change(kind text, component text, rule_group text, words text, was numeric, becomes numeric,
                              cause text DEFAULT NULL) RETURNS oracle.line[] IMMUTABLE LANGUAGE sql AS $$
  SELECT CASE WHEN was = becomes THEN '{}'
              ELSE ARRAY[row(component, rule_group, words, NULL, kind, NULL, NULL, NULL, becomes - was,
                             cause)::oracle.line]
         END
$$;

CREATE FUNCTION oracle.clamped(whose text, component text, rule_group text, x numeric, low numeric, high numeric,
                               cause text DEFAULT NULL) RETURNS oracle.line[] IMMUTABLE LANGUAGE sql AS $$
  SELECT oracle.change('clamp', component, rule_group,
                       whose || CASE WHEN oracle.clamp(x, low, high) > x THEN ' minimum' ELSE ' maximum' END,
                       x, oracle.clamp(x, low, high), cause)
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
  r      lead_scoring.rule;
  g      lead_scoring.rule_group;
  lines  oracle.line[] := '{}';
  one    oracle.line;
  total  numeric;
  winner text;        -- of the personas
  low    record;      -- the lowest ceiling
BEGIN
  FOR r IN SELECT * FROM lead_scoring.rule AS x WHERE x.sheet = sh.name AND x.enabled
           ORDER BY x.position, x.name COLLATE "C" LOOP
    one := oracle.rule_line(r, c);
    lines := lines || one || oracle.clamped('rule', r.component, r.rule_group, one.points, r.min_points,
                                            r.max_points, r.name);
  END LOOP;

  FOR g IN SELECT * FROM lead_scoring.rule_group AS x WHERE x.sheet = sh.name LOOP
    lines := lines || oracle.clamped('group', g.component, g.name, oracle.total(lines, g.component, g.name),
                                     g.min_points, g.max_points);
  END LOOP;

  FOR g IN SELECT * FROM lead_scoring.rule_group AS x WHERE x.sheet = sh.name AND x.persona
           ORDER BY oracle.total(lines, 'fit', x.name) DESC, x.position, x.name COLLATE "C" LOOP
    total := oracle.total(lines, 'fit', g.name);
    CONTINUE WHEN total = 0;
    IF winner IS NOT NULL THEN
      lines := lines || oracle.change('persona', 'fit', g.name, 'persona loss', total, 0, winner);
    END IF;
    winner := coalesce(winner, g.name);
  END LOOP;

  lines := lines || oracle.clamped('component', 'engagement', NULL, oracle.total(lines, 'engagement'),
                                   sh.min_engagement, sh.max_engagement);
  lines := lines || oracle.clamped('component', 'fit', NULL, oracle.total(lines, 'fit'), sh.min_fit, sh.max_fit);

  SELECT x.name, x.ceiling INTO low
  FROM lead_scoring.rule AS x JOIN unnest(lines) AS l ON l.rule = x.name AND l.kind = 'rule' AND l.holds
  WHERE x.sheet = sh.name AND x.ceiling IS NOT NULL ORDER BY x.ceiling, x.position, x.name COLLATE "C" LIMIT 1;
  total := oracle.total(lines);
  lines := lines || oracle.change('ceiling', NULL, NULL, 'ceiling', total, least(total, low.ceiling), low.name);
  RETURN lines || oracle.clamped('sheet', NULL, NULL, oracle.total(lines), sh.min_score, sh.max_score);
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

-- The highest-ranked band among some.
CREATE FUNCTION oracle.highest(sh lead_scoring.sheet, names text[]) RETURNS lead_scoring.band
STABLE LANGUAGE sql AS $$
  SELECT b FROM lead_scoring.band AS b WHERE b.sheet = sh.name AND b.name = ANY (names) ORDER BY b.rank DESC LIMIT 1
$$;

-- A verdict that changed something has a row; its cause is the first rule that says so.
CREATE FUNCTION oracle.verdict(words text, causes text[], points numeric DEFAULT 0) RETURNS oracle.line
IMMUTABLE LANGUAGE sql AS $$
  SELECT row(NULL, NULL, words, NULL, 'verdict', NULL, NULL, NULL, points, causes[1])::oracle.line
$$;

-- A displayed integer: half away from zero, and no further than an integer column goes.
CREATE FUNCTION oracle.shown(x numeric) RETURNS integer IMMUTABLE LANGUAGE sql AS
$$ SELECT oracle.clamp(round(x), -2147483648, 2147483647)::integer $$;

-- All the lines and all the output columns of one lead at one tick.
CREATE FUNCTION oracle.judge(sh lead_scoring.sheet, c oracle.scene,
                             OUT lines oracle.line[], OUT e oracle.evaluation)
STABLE LANGUAGE plpgsql AS $$
DECLARE
  grade   lead_scoring.grade;
  level   lead_scoring.grade;
  holding lead_scoring.rule[];   -- rules that hold, in order
  out_by  text[];                -- names of those that disqualify
  hand_by text[];                -- that raise the hand
  forced  lead_scoring.band;
  earned  lead_scoring.band;
  total   numeric;
BEGIN
  lines := oracle.sum_lines(sh, c);
  total := oracle.total(lines);
  holding := ARRAY(SELECT x FROM lead_scoring.rule AS x JOIN unnest(lines) AS l
                     ON l.kind = 'rule' AND l.holds AND l.rule = x.name
                   WHERE x.sheet = sh.name ORDER BY x.position, x.name COLLATE "C");
  out_by := ARRAY(SELECT name FROM unnest(holding) WHERE disqualifies);
  hand_by := ARRAY(SELECT name FROM unnest(holding) WHERE hand_raise);
  e.disqualified := cardinality(out_by) > 0;
  e.hand_raised := cardinality(hand_by) > 0;
  IF e.disqualified THEN
    lines := lines || oracle.verdict('disqualified', out_by, sh.min_score - total);
    total := sh.min_score;
  END IF;

  e.score := oracle.shown(total);
  e.engagement := oracle.shown(oracle.total(lines, 'engagement'));
  e.fit := oracle.shown(oracle.total(lines, 'fit'));
  grade := oracle.graded(sh, 'grade', e.fit);
  level := oracle.graded(sh, 'level', e.engagement);
  e.grade := grade.name;
  e.level := level.name;
  e.persona := oracle.persona(sh, lines);
  e.last_active_on := c.active_at::date;
  e.in_segment := oracle.is_open(c, sh.segment_signal, sh.segment_min, sh.segment_max, sh.segment_within,
                                 sh.segment_older_than);

  earned := oracle.highest(sh, ARRAY(SELECT b.name FROM lead_scoring.band AS b
                                     WHERE b.sheet = sh.name AND oracle.earned(b, e, grade, level)));
  forced := oracle.highest(sh, ARRAY(SELECT forces_band FROM unnest(holding)));
  IF e.disqualified THEN
    e.band := 'disqualified';
  ELSIF forced.rank > earned.rank OR earned.rank IS NULL THEN
    e.band := forced.name;
    IF forced.name IS NOT NULL THEN
      lines := lines || oracle.verdict('forced band', ARRAY(SELECT name FROM unnest(holding)
                                                            WHERE forces_band = forced.name));
    END IF;
  ELSE
    e.band := earned.name;
  END IF;
  IF e.hand_raised THEN
    lines := lines || oracle.verdict('hand raised', hand_by);
  END IF;
END $$;
