-- Does the campaign keep what it promises? Each row of `found` is something that breaks a promise;
-- everything is worked out anew from the tables to publish.
--
-- Sources (views that campaign.py makes): whitelist (its limit as limit_minor), rule_facts,
-- own_invitations, honour_ledger, suppressions_applied; and `asked`, one row of the policy's.

-- A number from 0 to below 1: the first 8 bytes of a sha256, 53 bits of them.
CREATE MACRO fraction(text) AS
    (('0x' || substr(sha256(text), 1, 16))::UBIGINT >> 11)::DOUBLE / 9007199254740992.0::DOUBLE;

CREATE TEMP TABLE found AS
SELECT 'nobody is barred' AS promise, user_id AS who
FROM whitelist JOIN suppressions_applied USING (user_id) WHERE is_barred
UNION ALL
SELECT 'only who may be sent is in a wave', user_id FROM whitelist
WHERE (wave IS NOT NULL) <> (send_status = 'planned') OR (wave IS NULL) <> (send_on IS NULL)
   OR wave IS NOT NULL AND (is_universal_holdout OR is_cell_holdout OR channel IS NULL)
UNION ALL
SELECT 'hold-outs are those of the hash', user_id FROM whitelist CROSS JOIN asked
WHERE is_universal_holdout <> (fraction('nightlist|holdout|' || user_id) < universal_ratio)
   OR is_cell_holdout <> (fraction(product || '|' || cell || '|holdout|' || user_id) < cell_ratio)
UNION ALL
SELECT 'a channel is open to the person', user_id FROM whitelist JOIN rule_facts USING (user_id)
WHERE list_contains(closed_channel_names, channel)
UNION ALL
SELECT 'waves within the daily capacity', send_on::VARCHAR FROM whitelist CROSS JOIN asked
WHERE send_on IS NOT NULL GROUP BY send_on, daily_capacity HAVING count(*) > daily_capacity
UNION ALL
SELECT 'waves on days of the list that are not quiet', user_id FROM whitelist CROSS JOIN asked
WHERE send_on < valid_from OR send_on > valid_to
   OR list_contains(quiet_weekdays, isodow(send_on) - 1) OR list_contains(quiet_dates, send_on)
UNION ALL
SELECT 'waves when the frequency caps allow', user_id FROM whitelist JOIN rule_facts USING (user_id)
WHERE send_on < may_be_sent_from
UNION ALL
SELECT 'priority by expected value', user_id FROM (
    SELECT user_id, priority,
           row_number() OVER (ORDER BY expected_value_minor DESC, user_id) AS place
    FROM whitelist)
WHERE priority <> place
UNION ALL
SELECT 'the cost of a year is 365 days of interest', user_id FROM whitelist
WHERE all_in_cost_annual <> 365 * rate_daily
UNION ALL
SELECT 'each open invitation of ours is once in the ledger', offer_id FROM (
    SELECT offer_id FROM own_invitations CROSS JOIN asked WHERE open_until > as_of
    UNION ALL SELECT offer_id FROM honour_ledger)
GROUP BY offer_id HAVING count(*) <> 2
UNION ALL
SELECT 'kept offers are on the list as they were sent', offer_id FROM (
    SELECT user_id, offer_id, limit_minor, rate_daily, open_until FROM honour_ledger
    WHERE outcome = 'kept'
    UNION ALL
    SELECT user_id, offer_id, limit_minor, rate_daily, valid_to FROM whitelist
    WHERE send_status = 'sent' OR method = 'honoured')
GROUP BY user_id, offer_id, limit_minor, rate_daily, open_until HAVING count(*) <> 2
UNION ALL
SELECT 'no other offer of the ledger is on the list', offer_id
FROM honour_ledger JOIN whitelist USING (offer_id) WHERE outcome <> 'kept';
