"""What a night computes between the clean tables and the release."""

from __future__ import annotations

from jobs.contracts.feeds import USER_ID
from jobs.contracts.table import Field, Table
from jobs.features import social
from jobs.features.families import FEATURES as WINDOW_FEATURES

AS_OF_DATE = Field("as_of_date", "date", "date", "The night: only what was known then counts.")
RISK = "risk team"

LABELS = Table(
    name="labels",
    meaning="Known outcomes that the night may learn from.",
    grain="one user and observation date", key=("user_id", "as_of_date"), owner=RISK,
    source="loan_performance", partition="run",
    fields=(
        USER_ID,
        Field("as_of_date", "date", "date",
              "Observation date: the features of this row are those known by then."),
        Field("is_default", "boolean", "true/false", "Whether the loan defaulted in the window."),
    ))


def _count(name: str, meaning: str, monotone: int, code: str, maximum: int = 6) -> Field:
    return Field(name, "integer", "months", meaning, True, 0, maximum, monotone=monotone,
                 reason_code=code)


def _money(name: str, meaning: str, monotone: int, code: str) -> Field:
    return Field(name, "integer", "1/100 currency", meaning, True, monotone=monotone,
                 reason_code=code)


def _ratio(name: str, meaning: str, code: str) -> Field:
    return Field(name, "double", "ratio", meaning, True, reason_code=code)


#: Features of the PD model. A suffix `_1` is the latest statement, `_2` the one before; `_3` and
#: `_6` after a statistic are the last three and six. Null: not known. The sign is declared beside
#: the feature, so that training cannot forget it.
FEATURES: tuple[Field, ...] = (
    _money("card_limit_minor", "Limit of the bound card.", -1, "CARD_LIMIT"),
    # bureau: months past due
    Field("repayment_status_1", "integer", "code -2..9", "Latest repayment status.", True, -2, 9,
          monotone=1, reason_code="OVERDUE_RECENT"),
    _count("overdue_months_1", "Months past due, latest month.", 1, "OVERDUE_RECENT", 9),
    _count("overdue_months_2", "Months past due, one month earlier.", 1, "OVERDUE_RECENT", 9),
    _count("overdue_months_4", "Months past due, three months earlier.", 1, "OVERDUE_HISTORY", 9),
    _count("overdue_months_max_3", "Worst months past due of three.", 1, "OVERDUE_RECENT", 9),
    _count("overdue_months_max_6", "Worst months past due of six.", 1, "OVERDUE_HISTORY", 9),
    _count("overdue_months_sum_3", "Sum of months past due over three.", 1, "OVERDUE_RECENT", 27),
    _count("overdue_months_weighted_6", "Months past due, the latest counted six times, the oldest "
           "once.", 1, "OVERDUE_HISTORY", 189),
    _count("overdue_count_6", "Months with any payment past due.", 1, "OVERDUE_HISTORY"),
    _count("overdue_2plus_count_3", "Months two or more past due, of three.", 1, "OVERDUE_RECENT",
           3),
    _count("overdue_2plus_count_6", "Months two or more past due, of six.", 1, "OVERDUE_HISTORY"),
    _count("months_since_overdue", "Statements since the last past due; 7 = never in six.", -1,
           "OVERDUE_HISTORY", 7),
    _count("months_since_overdue_2plus", "Statements since the last two or more past due; 7 = "
           "never in six.", -1, "OVERDUE_HISTORY", 7),
    _count("revolving_count_6", "Months with a revolved balance.", 0, "CARD_USE"),
    _count("paid_in_full_count_6", "Months paid in full.", 0, "CARD_USE"),
    _count("no_use_count_6", "Months without use.", 0, "CARD_USE"),
    # statements: what is owed against the limit
    _ratio("utilization_1_ratio", "Balance over limit, latest.", "UTILIZATION"),
    _ratio("utilization_2_ratio", "Balance over limit, one month earlier.", "UTILIZATION"),
    _ratio("utilization_mean_3_ratio", "Mean balance over limit of three.", "UTILIZATION"),
    _ratio("utilization_mean_6_ratio", "Mean balance over limit of six.", "UTILIZATION"),
    _ratio("utilization_max_6_ratio", "Highest balance over limit of six.", "UTILIZATION"),
    _ratio("utilization_trend_ratio", "Slope of utilisation over six, least squares, a month.",
           "UTILIZATION"),
    _ratio("utilization_change_3_ratio", "Utilisation now less two months earlier.",
           "UTILIZATION"),
    _count("over_limit_count_6", "Statements above the limit.", 0, "UTILIZATION"),
    _money("headroom_1_minor", "Limit less latest balance.", -1, "HEADROOM"),
    _money("headroom_min_6_minor", "Limit less highest balance.", -1, "HEADROOM"),
    _money("headroom_sum_6_minor", "Sum over six of limit less balance.", -1, "HEADROOM"),
    # statements: balances
    _money("balance_1_minor", "Latest balance.", 0, "BALANCE"),
    _money("balance_max_6_minor", "Highest balance of six.", 0, "BALANCE"),
    _ratio("balance_to_mean_ratio", "Latest balance over mean absolute balance.", "BALANCE"),
    _ratio("balance_growth_ratio", "Latest balance over the one five months earlier.", "BALANCE"),
    _count("balance_increase_count_5", "Statements above the one before.", 0, "BALANCE", 5),
    _ratio("overdue_balance_3_ratio", "Balances of months past due over the limit, three.",
           "OVERDUE_RECENT"),
    # statements: payments and spending
    _money("payment_sum_3_minor", "Paid in three months.", -1, "PAYMENTS"),
    _money("payment_sum_6_minor", "Paid in six months.", -1, "PAYMENTS"),
    _money("payment_min_6_minor", "Smallest monthly payment of six.", -1, "PAYMENTS"),
    _money("payment_second_6_minor", "Second largest monthly payment of six.", -1, "PAYMENTS"),
    _count("zero_payment_count_6", "Months without a payment.", 1, "PAYMENTS"),
    *(_ratio(f"payment_{k}_ratio", f"Payment {k} over the balance it settles, at most 2.",
             "PAYMENTS") for k in (1, 2, 3, 4)),
    _ratio("payment_last_2_ratio", "Last two payments over the balances they settle.", "PAYMENTS"),
    _ratio("payment_all_6_ratio", "All payments over all balances above zero.", "PAYMENTS"),
    _ratio("unpaid_1_ratio", "Unpaid part of the previous balance over the limit.", "PAYMENTS"),
    _money("spend_1_minor", "Balance change plus payment, latest.", 0, "CARD_USE"),
    _money("spend_2_minor", "Balance change plus payment, one month earlier.", 0, "CARD_USE"),
    _money("spend_max_5_minor", "Largest monthly spending of five.", 0, "CARD_USE"),
    _money("spend_sum_5_minor", "Spending over five months.", 0, "CARD_USE"),
)
FEATURE_NAMES: tuple[str, ...] = tuple(field.name for field in FEATURES)

FEATURE_MATRIX = Table(
    name="feature_matrix",
    meaning="Everything known about a person on a date, for rules and models.",
    grain="one user and as-of date", key=("user_id", "as_of_date"), owner=RISK,
    source="bound_cards, statements, bureau_tradelines, tiles, consents", partition="run",
    fields=(
        USER_ID, AS_OF_DATE,
        Field("age_years", "integer", "years", "Age when the card was last seen; rules only, no "
              "model uses it.", True, 0, 120),
        Field("account_consents", "integer", "consents", "1: agrees to the use of account data; 0: "
              "does not, and nothing of it is used. Missing where no consents are recorded.", True,
              0, 1),
        Field("segment", "string", "code", "thick_file: the bureau knows the person; else "
              "thin_file.", allowed=("thick_file", "thin_file")),
        Field("statement_months", "integer", "months", "Statements known, six at most.",
              minimum=0, maximum=6),
        Field("bureau_months", "integer", "months", "Months known to the bureau, six at most.",
              minimum=0, maximum=6),
        *FEATURES,
        *(feature.field for feature in WINDOW_FEATURES),
        *social.FIELDS,
    ))

TRAINING_MATRIX = FEATURE_MATRIX.with_fields(LABELS.field("is_default"), name="training_matrix")

SCORES = Table(
    name="scores",
    meaning="Calibrated probability of default of everyone considered.",
    grain="one user", key=("user_id",), owner=RISK, source="feature_matrix, PD model",
    partition="run",
    fields=(
        USER_ID, AS_OF_DATE,
        Field("pd", "double", "probability", "Probability of default, calibrated out of fold.",
              minimum=0.0, maximum=1.0),
        Field("score_points", "integer", "points",
              "600 points are odds of 30 good to 1 bad; 50 points double the odds."),
        Field("model_version", "string", "version", "The PD model that scored the row."),
    ))

ELIGIBILITY = Table(
    name="eligibility",
    meaning="Every rule of the policy in force, applied to everyone considered.",
    grain="one user", key=("user_id",), owner=RISK, source="feature_matrix, scores, policy",
    partition="run",
    fields=(
        USER_ID,
        Field("is_eligible", "boolean", "true/false", "Whether no rule failed."),
        Field("failing_rules", "strings", "rule names", "Every failing rule, in policy order."),
    ))

LIMITS = Table(
    name="limits",
    meaning="Limit and rate of each eligible person by the tier matrix, and whether funded.",
    grain="one eligible user", key=("user_id",), owner=RISK,
    source="eligibility, scores, feature_matrix, policy", partition="run",
    fields=(
        USER_ID,
        Field("score_tier", "string", "tier", "Row of the tier matrix."),
        Field("limit_minor", "integer", "1/100 currency", "Pre-approved limit.", minimum=0),
        Field("rate_daily", "rate", "1/day", "Interest a day on what is drawn.", minimum=0),
        Field("expected_draw_minor", "integer", "1/100 currency",
              "Limit times the policy's expected share drawn.", minimum=0),
        Field("is_funded", "boolean", "true/false",
              "Whether the money to lend reaches this person, best score first."),
    ))
