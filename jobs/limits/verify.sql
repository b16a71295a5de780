-- Is the certificate true? Everything is worked out anew from what was published, with formulas of
-- its own: nothing here comes from the optimiser. Read together with jobs/contracts/limits.py.
--
-- Sources (views that verify.py makes): candidates, limits, menu, economics, coupling_rows,
-- coupling_terms, coupling_steps, certificate, whitelist. Output: the table `checks`.
--
-- Tolerances. Figures of a person are rounded to whole numbers, half to even; another library's
-- logarithm may fall on the other side of a half, so each may be 1 off, and no more than one
-- person in 10,000 (10 at least). Sums of whole numbers are exact; a weighted sum may differ by
-- 1e-12 of all that is added in it, the bound by 1e-9 of itself and 1 currency unit.

-- Half to even, for less than 2^51: beyond 2^52 a double has no fraction.
CREATE MACRO rint(x) AS
    (x + 6755399441055744.0::DOUBLE) - 6755399441055744.0::DOUBLE;
CREATE MACRO moved(ratio, factor) AS ratio * factor / ((1 - ratio) + ratio * factor);
-- Terms of an offer against the models' reference: 30,000 at 12 % a year of 360 days.
CREATE MACRO factor(by_limit, by_rate, limit_minor, rate_daily) AS
    exp(by_limit * ln(limit_minor / 3000000.0::DOUBLE)
        + by_rate * (rate_daily * 360.0::DOUBLE - 0.12::DOUBLE));
CREATE MACRO counts_in(group_column, group_values, segment, region, partner) AS
    group_column = '' OR coalesce(list_contains(group_values, CASE group_column
        WHEN 'segment' THEN segment WHEN 'region' THEN region WHEN 'partner' THEN partner END),
        false);
CREATE MACRO said(x) AS printf('%.12g', x::DOUBLE);
CREATE MACRO near(found, expected, tolerance) AS
    coalesce(isfinite(found) AND abs(found - expected) <= tolerance, false);

CREATE TEMP TABLE e AS
SELECT any_value(value) FILTER (figure = 'horizon_days') AS horizon_days,
       any_value(value) FILTER (figure = 'term_factor') AS term_factor,
       any_value(value) FILTER (figure = 'elasticity') AS elasticity,
       any_value(value) FILTER (figure = 'reference_limit_minor') AS reference_limit_minor,
       any_value(value) FILTER (figure = 'invitation_cost_minor') AS invitation_cost_minor,
       any_value(value) FILTER (figure = 'change_price_minor') AS change_price_minor,
       any_value(value) FILTER (figure = 'response_limit') AS response_limit,
       any_value(value) FILTER (figure = 'response_rate') AS response_rate,
       any_value(value) FILTER (figure = 'draw_limit') AS draw_limit,
       any_value(value) FILTER (figure = 'draw_rate') AS draw_rate
FROM economics;

-- What one unit of each measure costs a person, by the rows that the person counts in.
CREATE TEMP TABLE mixes AS
SELECT m.segment, m.region, m.partner,
       coalesce(sum(r.multiplier * t.weight) FILTER (t.measure = 'people'), 0) AS per_person,
       coalesce(sum(r.multiplier * t.weight) FILTER (t.measure = 'limit_minor'), 0) AS per_limit,
       coalesce(sum(r.multiplier * t.weight) FILTER (t.measure = 'expected_draw_minor'), 0)
           AS per_draw,
       coalesce(sum(r.multiplier * t.weight) FILTER (t.measure = 'expected_loss_minor'), 0)
           AS per_loss,
       coalesce(sum(r.multiplier * t.weight) FILTER (t.measure = 'draw_variance'), 0)
           AS per_variance
FROM (SELECT DISTINCT segment, region, partner FROM candidates) m
LEFT JOIN coupling_terms t
    ON counts_in(t.group_column, t.group_values, m.segment, m.region, m.partner)
LEFT JOIN coupling_rows r USING (row_name)
GROUP BY ALL;

CREATE TEMP TABLE person AS
SELECT row_number() OVER () AS person, c.user_id, c.segment, c.region, c.partner,
       c.is_eligible, c.is_promised, c.limit_cap_minor, c.response_ratio, c.draw_ratio, c.lgd_ratio,
       c.income_minor::DOUBLE AS income, e.term_factor * c.pd / (1 - c.pd) AS odds,
       c.income_minor + e.reference_limit_minor * c.draw_ratio AS reference_owed,
       -- An open offer of the menu that was not sent: leaving it as it is earns the price of a
       -- change. Terms of a tier need not be in the menu.
       CASE WHEN NOT coalesce(c.is_open_offer_sent, false)
                 AND EXISTS (FROM menu WHERE menu.limit_minor = c.open_limit_minor
                             AND menu.rate_daily = c.open_rate_daily)
            THEN c.open_limit_minor END AS kept_limit,
       c.open_rate_daily AS kept_rate, l.method = 'optimiser' AS is_optimised, l.method,
       l.is_offered, l.limit_minor, l.rate_daily, l.expected_draw_minor, l.expected_loss_minor,
       l.draw_variance, l.expected_value_minor,
       m.per_person, m.per_limit, m.per_draw, m.per_loss, m.per_variance
FROM candidates c
JOIN limits l USING (user_id)
JOIN mixes m ON c.segment IS NOT DISTINCT FROM m.segment
    AND c.region IS NOT DISTINCT FROM m.region AND c.partner IS NOT DISTINCT FROM m.partner
CROSS JOIN e;

-- Draw, loss, value and variance at any limit and rate; asked twice: of what was offered, and of
-- everything that could have been.
CREATE MACRO figures(asked) AS TABLE
WITH drawn AS (
    SELECT *, limit_minor * moved(draw_ratio, draw_factor) AS drawn FROM query_table(asked)
), risked AS (
    SELECT *, rint(moved(response_ratio, response_factor) * drawn) AS draw,
           odds * pow((income + drawn) / reference_owed, elasticity) AS odds_then
    FROM drawn
), valued AS (
    SELECT *, odds_then / (1 + odds_then) AS default_ratio FROM risked
), rounded AS (
    SELECT *, rint(draw * default_ratio * lgd_ratio) AS loss,
           rint(draw * (1 - 0.5::DOUBLE * default_ratio) * (rate_daily * horizon_days)) AS interest,
           rint(draw * (limit_minor - draw) / 10000) AS variance
    FROM valued
)
SELECT *, interest - loss - invitation_cost_minor
       + CASE WHEN kept_limit = limit_minor AND kept_rate = rate_daily
              THEN change_price_minor ELSE 0 END AS value
FROM rounded;

CREATE TEMP VIEW offered AS
SELECT p.* REPLACE (p.limit_minor::DOUBLE AS limit_minor, p.rate_daily::DOUBLE AS rate_daily,
                    p.kept_rate::DOUBLE AS kept_rate),
       factor(response_limit, response_rate, p.limit_minor::DOUBLE, p.rate_daily::DOUBLE)
           AS response_factor,
       factor(draw_limit, draw_rate, p.limit_minor::DOUBLE, p.rate_daily::DOUBLE) AS draw_factor,
       e.*
FROM person p CROSS JOIN e WHERE p.is_offered;

CREATE TEMP VIEW possible AS
SELECT p.person, p.per_person, p.per_limit, p.per_draw, p.per_loss, p.per_variance,
       p.response_ratio, p.draw_ratio, p.lgd_ratio, p.income, p.odds, p.reference_owed,
       p.kept_limit, p.kept_rate::DOUBLE AS kept_rate,
       m.limit_minor, m.rate_daily, m.response_factor, m.draw_factor,
       e.elasticity, e.horizon_days, e.invitation_cost_minor, e.change_price_minor
FROM person p
JOIN (SELECT limit_minor::DOUBLE AS limit_minor, rate_daily::DOUBLE AS rate_daily,
             factor(response_limit, response_rate, limit_minor::DOUBLE, rate_daily::DOUBLE)
                 AS response_factor,
             factor(draw_limit, draw_rate, limit_minor::DOUBLE, rate_daily::DOUBLE)
                 AS draw_factor
      FROM menu CROSS JOIN e) m ON m.limit_minor <= p.limit_cap_minor
CROSS JOIN e
WHERE p.is_optimised AND p.is_eligible;

-- The bound's people: the best that each could bring once every row is paid for, or nothing.
CREATE TEMP TABLE best AS
SELECT coalesce(sum(best), 0) AS best FROM (
    SELECT greatest(0, max(value - per_person - per_limit * limit_minor - per_draw * draw
                           - per_loss * loss - per_variance * variance)) AS best
    FROM figures('possible') GROUP BY person);

CREATE TEMP TABLE off AS
SELECT user_id, coalesce(greatest(
           abs(expected_draw_minor - draw), abs(expected_loss_minor - loss),
           abs(expected_value_minor - value),
           abs(draw_variance - variance) / (1 + limit_minor / 10000)), 'infinity'::DOUBLE) AS off
FROM figures('offered');

CREATE TEMP TABLE mix_sums AS
SELECT segment, region, partner, is_optimised, count(*)::DOUBLE AS people,
       sum(limit_minor)::DOUBLE AS limit_minor,
       sum(expected_draw_minor)::DOUBLE AS expected_draw_minor,
       sum(expected_loss_minor)::DOUBLE AS expected_loss_minor,
       sum(draw_variance)::DOUBLE AS draw_variance, sum(expected_value_minor)::DOUBLE AS value
FROM person WHERE is_offered GROUP BY ALL;

CREATE TEMP TABLE row_use AS
WITH parts AS (
    SELECT t.row_name, s.is_optimised, t.weight * CASE t.measure
               WHEN 'people' THEN s.people WHEN 'limit_minor' THEN s.limit_minor
               WHEN 'expected_draw_minor' THEN s.expected_draw_minor
               WHEN 'expected_loss_minor' THEN s.expected_loss_minor
               WHEN 'draw_variance' THEN s.draw_variance END AS used
    FROM coupling_terms t
    JOIN mix_sums s ON counts_in(t.group_column, t.group_values, s.segment, s.region, s.partner))
SELECT r.*, coalesce(p.now_used, 0) AS now_used, coalesce(p.fixed_used, 0) AS fixed_used,
       coalesce(p.turnover, 0) + abs(r.capacity) + 1 AS turnover
FROM coupling_rows r LEFT JOIN (
    SELECT row_name, sum(used) AS now_used, sum(used) FILTER (NOT is_optimised) AS fixed_used,
           sum(abs(used)) AS turnover
    FROM parts GROUP BY row_name) p USING (row_name);

-- Steps are used one after another; `earlier` is what those before hold.
CREATE TEMP TABLE steps AS
SELECT s.*, r.multiplier, r.turnover,
       least(s.amount, greatest(0, r.now_used - r.capacity - coalesce(sum(s.amount) OVER (
           PARTITION BY s.row_name ORDER BY s.step
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS now_used,
       coalesce(lag(s.price) OVER (PARTITION BY s.row_name ORDER BY s.step), 0) <= s.price
           AND s.amount >= 0 AS is_in_order
FROM coupling_steps s JOIN row_use r USING (row_name);

CREATE TEMP TABLE kept AS
SELECT r.*, CASE WHEN r.chance_z IS NULL
       THEN r.capacity + coalesce(s.amount, 0) - r.now_used
       ELSE r.chance_available_minor - t.draw - r.chance_z * sqrt(
           pow(r.chance_spread * t.draw, 2) + t.variance * 10000) END AS now_slack
FROM row_use r
LEFT JOIN (SELECT row_name, sum(amount) AS amount FROM coupling_steps GROUP BY ALL) s
    USING (row_name)
CROSS JOIN (SELECT coalesce(sum(expected_draw_minor), 0) AS draw,
                   coalesce(sum(draw_variance), 0) AS variance FROM mix_sums) t;

-- A chance row's straight line must lie outside the chance: it has its ends at V = 0 and where the
-- variance is the largest that draws below the highest limit can have, and is above a convex curve
-- between (jobs/limits/setting.py tells why). The highest limit is that of the menu or of an offer.
CREATE TEMP TABLE lines AS
WITH given AS (
    SELECT r.row_name, r.capacity, r.chance_available_minor AS available, r.chance_z AS z,
           r.chance_spread AS spread, m.highest,
           sum(t.weight) FILTER (t.measure = 'expected_draw_minor') AS by_draw,
           coalesce(sum(t.weight) FILTER (t.measure = 'draw_variance'), 0) / 10000 AS by_variance,
           count(*) FILTER (t.group_column <> ''
               OR t.measure NOT IN ('expected_draw_minor', 'draw_variance')) AS others
    FROM coupling_rows r JOIN coupling_terms t USING (row_name)
    CROSS JOIN (SELECT max(limit_minor)::DOUBLE AS highest FROM (
        SELECT limit_minor FROM menu UNION ALL
        SELECT limit_minor FROM person WHERE is_offered)) m
    WHERE r.chance_z IS NOT NULL GROUP BY ALL
), ends AS (
    SELECT *, available / (1 + z * spread) AS alone, 1 - pow(z * spread, 2) AS a,
           2 * available + z * z * highest AS b
    FROM given)
SELECT *, (b - sqrt(b * b - 4 * a * available * available)) / (2 * a) AS least
FROM ends;

CREATE TEMP TABLE bound AS
SELECT (SELECT best FROM best)
       + (SELECT coalesce(sum(value), 0) FROM mix_sums WHERE NOT is_optimised)
       + (SELECT coalesce(sum(multiplier * (capacity - fixed_used)), 0) FROM row_use)
       + (SELECT coalesce(sum(amount * greatest(0, multiplier - price)), 0) FROM steps) AS bound,
       (SELECT coalesce(sum(value), 0) FROM mix_sums)
       - (SELECT coalesce(sum(now_used * price), 0) FROM steps) AS value,
       (SELECT coalesce(sum(turnover), 0) FROM steps) AS turnover;

CREATE TEMP TABLE checks AS
WITH people AS (
    SELECT count(*) AS joined, count(DISTINCT user_id) AS persons,
           count(*) FILTER (is_optimised AND is_eligible) AS optimised,
           count(*) FILTER (NOT is_optimised AND is_offered) AS fixed,
           coalesce(min(user_id) FILTER (is_offered AND (
               limit_minor IS NULL OR rate_daily IS NULL OR is_optimised AND NOT EXISTS (
                   FROM menu WHERE menu.limit_minor = person.limit_minor
                   AND menu.rate_daily = person.rate_daily))), '') AS not_in_menu,
           coalesce(min(user_id) FILTER (is_offered AND method <> 'honoured'
               AND limit_minor > limit_cap_minor), '') AS above_cap,
           -- Chance may pass rules over, but not for the sake of a promise; a promise may.
           coalesce(min(user_id) FILTER (is_offered AND NOT is_eligible
               AND method <> CASE WHEN is_promised THEN 'honoured' ELSE 'exploration' END
               OR is_offered AND method = 'honoured' AND NOT is_promised), '') AS not_eligible,
           coalesce(min(user_id) FILTER (NOT is_offered AND (limit_minor IS NOT NULL
               OR rate_daily IS NOT NULL OR expected_draw_minor <> 0 OR expected_loss_minor <> 0
               OR draw_variance <> 0 OR expected_value_minor <> 0)), '') AS nothing_counts
    FROM person
), off_by AS (
    SELECT count(*) FILTER (off > 0) AS near_misses, count(*) FILTER (off > 1) AS misses,
           coalesce(arg_max(user_id, off), '') AS who, coalesce(max(off), 0) AS most,
           greatest(10, count(*) // 10000) AS allowed FROM off
), listed AS (
    SELECT count(*) FILTER (w.user_id IS NULL OR l.user_id IS NULL
               OR l.limit_minor <> w.limit_whole * 100 OR l.rate_daily <> w.rate_daily) AS others,
           coalesce(min(coalesce(w.user_id, l.user_id)) FILTER (w.user_id IS NULL
               OR l.user_id IS NULL OR l.limit_minor <> w.limit_whole * 100
               OR l.rate_daily <> w.rate_daily), '') AS who
    FROM (FROM limits WHERE is_offered) l FULL JOIN whitelist w USING (user_id)
), proof AS (
    SELECT c.*, b.*, CASE WHEN c.bound_minor = 0 THEN 0
           ELSE greatest(0, (c.bound_minor - c.value_minor) / abs(c.bound_minor)) END AS gap,
           abs(c.bound_minor) * 1e-9 + 100 AS tolerance
    FROM certificate c CROSS JOIN bound b
), found AS (
    SELECT 1 AS place, 'each candidate has one row of limits' AS name,
           (SELECT count(*) FROM candidates)::VARCHAR || ' rows' AS expected,
           (SELECT count(*) FROM limits)::VARCHAR || ' rows, ' || joined || ' matched, '
               || persons || ' people' AS found,
           (SELECT count(*) FROM candidates) = joined AND joined = persons
               AND joined = (SELECT count(*) FROM limits) AS ok FROM people
    UNION ALL
    SELECT 2, 'people as the certificate says', optimised_people || ' optimised, '
               || fixed_people || ' fixed', optimised || ' optimised, ' || fixed || ' fixed',
           optimised_people = optimised AND fixed_people = fixed FROM people CROSS JOIN proof
    UNION ALL
    SELECT 3, 'the whitelist has these offers', 'nobody differs', CASE WHEN others = 0
               THEN 'nobody differs' ELSE others || ' differ, e.g. ' || who END, others = 0
    FROM listed
    UNION ALL
    SELECT 4, 'optimised offers are in the menu', 'all', CASE WHEN not_in_menu = '' THEN 'all'
               ELSE 'not ' || not_in_menu END, not_in_menu = '' FROM people
    UNION ALL
    SELECT 5, 'offers within the person''s cap', 'all', CASE WHEN above_cap = '' THEN 'all'
               ELSE 'not ' || above_cap END, above_cap = '' FROM people
    UNION ALL
    SELECT 6, 'offers to the eligible, by exploration or promised', 'all',
           CASE WHEN not_eligible = '' THEN 'all' ELSE 'not ' || not_eligible END,
           not_eligible = '' FROM people
    UNION ALL
    SELECT 7, 'no offer brings and uses nothing', 'all',
           CASE WHEN nothing_counts = '' THEN 'all' ELSE 'not ' || nothing_counts END,
           nothing_counts = '' FROM people
    UNION ALL
    SELECT 8, 'figures of each offer', 'at most 1 off',
           CASE WHEN most > 0 THEN near_misses || ' off, ' || who || ' by ' || round(most, 3)
                ELSE 'none off' END, misses = 0 AND near_misses <= allowed FROM off_by
    UNION ALL
    SELECT 9, 'multipliers', 'at least 0', 'least ' || said(min(multiplier)),
           bool_and(multiplier >= 0 AND isfinite(multiplier)) FROM row_use
    UNION ALL
    SELECT 10, 'use of ' || row_name, said(used), said(now_used),
           near(used, now_used, turnover * 1e-12) FROM kept
    UNION ALL
    SELECT 11, 'slack of ' || row_name, said(slack) || ', at least 0', said(now_slack),
           near(slack, now_slack, turnover * 1e-12) AND now_slack >= -turnover * 1e-12 FROM kept
    UNION ALL
    SELECT 12, 'step ' || step_name || ' of ' || row_name, said(used) || ', cheapest first',
           said(now_used), near(used, now_used, turnover * 1e-12) AND is_in_order FROM steps
    UNION ALL
    SELECT 13, 'line around the chance of ' || row_name,
           'at least ' || said(greatest(by_draw * alone,
                                      by_draw * least + by_variance * highest * least)),
           said(capacity), coalesce(others = 0 AND by_draw > 0 AND a > 0 AND by_variance >= 0
               AND greatest(by_draw * alone, by_draw * least + by_variance * highest * least)
                   <= capacity * (1 + 1e-12), false) FROM lines
    UNION ALL
    SELECT 14, 'value', said(value_minor), said(value),
           near(value_minor, value, 1 + turnover * 1e-12) FROM proof
    UNION ALL
    SELECT 15, 'bound at the multipliers', said(bound_minor), said(bound),
           near(bound_minor, bound, tolerance) FROM proof
    UNION ALL
    SELECT 16, 'value within the bound', 'at most ' || said(bound_minor), said(value),
           isfinite(bound_minor) AND value <= bound_minor + tolerance FROM proof
    UNION ALL
    SELECT 17, 'gap', said(gap_ratio), said(gap), near(gap_ratio, gap, 1e-9) FROM proof)
SELECT place, name, expected, found, coalesce(ok, false) AS ok FROM found ORDER BY place, name;
