-- Who came, who went and whose terms moved between two releases, each with its reason.
-- Views: was, now (user_id, offer_id, limit_minor, rate_daily, method); was_decided, now_decided,
-- now_limits as published; borrowers (user_id, empty where nobody says). Parameters: see changes.py.
with pairs as (
    select
        coalesce(was.user_id, now.user_id) as user_id,
        was.user_id is not null as was_in,
        now.user_id is not null as is_in,
        was.offer_id as previous_offer_id,
        now.offer_id,
        was.limit_minor as previous_limit_minor,
        now.limit_minor,
        was.rate_daily as previous_rate_daily,
        now.rate_daily,
        was.method as previous_method,
        now.method
    from was full join now on was.user_id = now.user_id
    where was.user_id is null or now.user_id is null
        or was.limit_minor <> now.limit_minor or was.rate_daily <> now.rate_daily
),
moved as (
    select pairs.*,
        case
            when not was_in then 'entered'
            when not is_in then 'left'
            when limit_minor > previous_limit_minor then 'limit_up'
            when limit_minor < previous_limit_minor then 'limit_down'
            else 'rate_changed'
        end as change
    from pairs
    union all
    select pairs.*, 'rate_changed'
    from pairs
    where was_in and is_in and limit_minor <> previous_limit_minor
        and rate_daily <> previous_rate_daily
),
told as (
    select moved.*,
        was_decided.first_failing_rule as failed_before,
        was_decided.user_id is not null as was_considered,
        now_decided.first_failing_rule as fails_now,
        now_decided.user_id is not null as is_considered,
        borrowers.user_id is not null as has_loan,
        was_decided.model_version as previous_model,
        now_decided.model_version as model,
        coalesce(now_decided.score_points - was_decided.score_points, 0) as points,
        now_limits.size_reason,
        now_limits.size_row
    from moved
    left join was_decided on moved.user_id = was_decided.user_id
    left join now_decided on moved.user_id = now_decided.user_id
    left join now_limits on moved.user_id = now_limits.user_id
    left join borrowers on moved.user_id = borrowers.user_id
),
reasoned as (
    select told.*,
        case
            when change = 'entered' then case
                when not was_considered then 'new_person'
                when method in ('honoured', 'exploration') then method
                when failed_before in ('no_value', 'priced_out') then 'priced_in'
                else 'rule_passed' end
            when change = 'left' then case
                when has_loan then 'has_loan'
                when not is_considered then $not_considered
                when fails_now in ('no_value', 'priced_out') then fails_now
                else 'rule_failed' end
            when $policy_changed then 'policy_changed'
            when previous_model <> model then 'model_changed'
            when previous_method <> method then 'method_changed'
            when points > 0 and (change = 'limit_up'
                or change = 'rate_changed' and rate_daily < previous_rate_daily) then 'score_rose'
            when points < 0 and (change = 'limit_down'
                or change = 'rate_changed' and rate_daily > previous_rate_daily) then 'score_fell'
            else size_reason
        end as reason
    from told
)
select
    user_id,
    $as_of::date as as_of_date,
    $release_id as release_id,
    $previous_release_id as previous_release_id,
    change,
    reason,
    case
        when reason in ('rule_passed', 'priced_in', 'honoured', 'exploration')
            and change = 'entered' then failed_before
        when reason = 'rule_failed' then fails_now
        when reason = 'priced_out' then coalesce(size_row, nullif(size_reason, 'row'))
        when reason = 'row' then size_row
        when reason = 'policy_changed' then $policy_version
        when reason = 'model_changed' then model
        when reason = 'method_changed' then previous_method || ' -> ' || method
    end as reason_detail,
    previous_offer_id,
    offer_id,
    previous_limit_minor,
    limit_minor,
    previous_rate_daily,
    rate_daily
from reasoned
order by user_id, change
