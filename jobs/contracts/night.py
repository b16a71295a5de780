"""What a night computes between the clean tables and the release."""

from __future__ import annotations

from jobs.config import SEGMENTS
from jobs.contracts.feeds import USER_ID
from jobs.contracts.table import Field, Table
from jobs.features import catalogue

AS_OF_DATE = Field("as_of_date", "date", "date", "The night: only what was known then counts.")
RISK = "risk team"

LABELS = Table(
    name="labels",
    meaning="Known outcomes that the night may learn from; null: not known, or its window is open.",
    grain="one user and observation date", key=("user_id", "as_of_date"), owner=RISK,
    source="loan_performance, loan_days, invitations, account_flows", partition="run",
    fields=(
        USER_ID,
        Field("as_of_date", "date", "date",
              "Observation date: the features of this row are those known by then."),
        Field("is_default", "boolean", "true/false",
              "Whether the loan defaulted in its performance window.", True),
        Field("is_accepted", "boolean", "true/false",
              "Whether the invitation of this date was followed by a loan.", True),
        Field("drawn_ratio", "double", "ratio",
              "Of those who borrowed: share of the limit drawn in the first 30 days.", True,
              0.0, 1.0),
        Field("loss_given_default_ratio", "double", "ratio",
              "Of those who defaulted: share of the balance at default that was not recovered.",
              True, 0.0, 1.0),
        Field("income_minor", "integer", "1/100 currency a month",
              "Mean salary booked in the last four months, where three of them have one.", True, 0),
        Field("offered_limit_minor", "integer", "1/100 currency",
              "Limit of the offer or loan the row is about.", True, 0),
        Field("offered_rate_daily", "double", "1/day",
              "Interest a day of the offer or loan the row is about.", True, 0.0, 1.0),
        Field("weight", "double", "rows", "How many rows this one stands for: the inverse of the "
              "offer's propensity where it was made at random, else 1; more where refusals were "
              "sampled.", minimum=0.0),
    ))
#: What a model may learn from, as the training matrix holds it beside the features.
OUTCOMES: tuple[Field, ...] = tuple(field for field in LABELS.fields
                                    if field.name not in LABELS.key)


FEATURE_MATRIX = Table(
    name="feature_matrix",
    meaning="Everything known about a person on a date, for rules and models.",
    grain="one user and as-of date", key=("user_id", "as_of_date"), owner=RISK,
    source="bound_cards, statements, bureau_tradelines, bureau_public_records, windows, "
    "social_edges, loan_performance, consents", partition="run",
    fields=(
        USER_ID, AS_OF_DATE,
        Field("age_years", "integer", "years", "Age when the card was last seen; rules only, no "
              "model uses it.", True, 0, 120),
        Field("account_consents", "integer", "consents", "1: agrees to the use of account data; 0: "
              "does not, and nothing of it is used. Missing where no consents are recorded.", True,
              0, 1),
        Field("segment", "string", "code", "thick_file: the bureau knows the person; else "
              "thin_file.", allowed=SEGMENTS),
        Field("statement_months", "integer", "months", "Statements known, six at most.",
              minimum=0, maximum=6),
        Field("bureau_months", "integer", "months", "Months known to the bureau, six at most.",
              minimum=0, maximum=6),
        *(entry.field for entry in catalogue.ENTRIES),
    ))

TRAINING_MATRIX = FEATURE_MATRIX.with_fields(*OUTCOMES, name="training_matrix")

#: Terms at which the models of an offer's effects are asked.
_TERMS = "offer of 30,000 at 12 % a year"

SCORES = Table(
    name="scores",
    meaning="What the models say of everyone considered.",
    grain="one user", key=("user_id",), owner=RISK, source="feature_matrix, models",
    partition="run",
    fields=(
        USER_ID, AS_OF_DATE,
        Field("pd", "double", "probability", "Probability of default, calibrated out of fold.",
              minimum=0.0, maximum=1.0),
        Field("score_points", "integer", "points",
              "600 points are odds of 30 good to 1 bad; 50 points double the odds."),
        Field("model_version", "string", "version", "The PD model that scored the row."),
        Field("income_minor", "integer", "1/100 currency", "Expected income a month. Missing, as "
              "the ratios below, where the night has no model for it.", True, 0),
        Field("response_ratio", "double", "probability", f"Probability of taking an {_TERMS}.",
              True, 0.0, 1.0),
        Field("draw_ratio", "double", "ratio", f"Expected share of the limit drawn, of an "
              f"{_TERMS} once taken.", True, 0.0, 1.0),
        Field("lgd_ratio", "double", "ratio", "Expected share of the balance at default that is "
              "not recovered.", True, 0.0, 1.0),
    ))

ELIGIBILITY = Table(
    name="eligibility",
    meaning="Every rule of the policy in force, applied to everyone considered.",
    grain="one user", key=("user_id",), owner=RISK,
    source="feature_matrix, scores, rule_facts, policy", partition="run",
    fields=(
        USER_ID,
        Field("is_eligible", "boolean", "true/false", "Whether no rule failed."),
        Field("failing_rules", "strings", "rule names", "Every failing rule, in policy order."),
    ))
