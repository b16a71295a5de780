"""Limits and rates: who may be offered something, what was chosen, and the proof that it is good.

From `candidates`, `menu`, `coupling_terms`, `coupling_steps` and `economics` anyone can recompute
value and use of every possible offer; `nightlist verify` does, in SQL of its own.
"""

from __future__ import annotations

from jobs.contracts.feeds import USER_ID
from jobs.contracts.night import AS_OF_DATE, FEATURE_MATRIX, RISK, SCORES
from jobs.contracts.table import Field, Table

MINOR_UNIT = "1/100 currency"
#: How an offer came about. `optimiser`: chosen under all rows. `honoured`: sent before, kept.
#: `exploration`: at random. The others are strategies that stand beside the optimiser.
METHODS = ("optimiser", "honoured", "exploration", "tier_matrix", "flat", "greedy")
#: What kept a limit from being higher; see `jobs/limits/sizes.py`.
SIZE_REASONS = ("best", "affordability", "law", "menu", "row", "no_value", "honoured", "random",
                "strategy")

REGION = Field("region", "string", "code", "Where the wallet account is registered.", True)
PARTNER = Field("partner", "string", "code", "Bank of the newest bound card.", True)
ROW_NAME = Field("row_name", "string", "name", "The coupling row, as the policy names it.")

RULE_FACTS = Table(
    name="rule_facts",
    meaning="What rules and caps look at beside features and scores: permission, loans, offers.",
    grain="one considered user", key=("user_id",), owner=RISK,
    source="bound_cards, suppressions, marketing_opt_outs, invitations, loan_days, "
    "feature_matrix, scores, releases", partition="run",
    fields=(
        USER_ID, REGION, PARTNER,
        Field("verified_names", "integer", "cards", "Cards bound now whose bank confirmed the "
              "holder's name.", True, 0),
        Field("card_age_days", "integer", "days", "Since the oldest card bound now was bound.",
              True, 0),
        Field("suppressions", "integer", "lists", "Suppression lists the person is on, students' "
              "apart.", minimum=0),
        Field("student_lists", "integer", "lists", "1: on a school's list of students.",
              minimum=0),
        Field("closed_channels", "integer", "channels", "Channels on which the person wants no "
              "invitation; 3 means all.", minimum=0, maximum=3),
        Field("closed_channel_names", "strings", "codes", "These channels, in order of name."),
        Field("bureau_unseen", "integer", "1/0", "1: the bureau is known to have a file of the "
              "person, and the night sees none, because the feed was left out as late.",
              minimum=0, maximum=1),
        Field("refused_days", "integer", "days", "Since an invitation of ours ran out unanswered; "
              "missing where none did.", True, 0),
        Field("may_be_sent_from", "date", "date", "First day on which the policy's frequency caps "
              "allow another invitation of ours; missing where they allow one on any.", True),
        Field("own_balance_minor", "integer", MINOR_UNIT, "Owed to us.", minimum=0),
        Field("total_debt_minor", "integer", MINOR_UNIT, "Owed to everyone: all lines at the "
              "bureau and ours (unified credit view); missing where neither knows the person.",
              True, 0),
        Field("debt_to_income_months", "double", "months", "Total debt without mortgages over a "
              "month's income; missing where either is.", True, 0.0),
        Field("obligation_ratio", "double", "ratio", "Monthly obligations over income; missing "
              "where either is.", True, 0.0),
        Field("evidence_sources", "integer", "sources", "Sources that tell something of the "
              "person, social relations not counted.", minimum=0),
        Field("open_offer_id", "string", "id", "Offer of ours that is open.", True),
        Field("open_limit_minor", "integer", MINOR_UNIT, "Its limit.", True, 0),
        Field("open_rate_daily", "rate", "1/day", "Its rate.", True, 0),
        Field("open_until", "date", "date", "Its last day.", True),
        Field("is_open_offer_sent", "boolean", "true/false", "Whether it was sent: then it is "
              "honoured; else it is only yesterday's, and a change has a price.", True),
    ))

CANDIDATES = Table(
    name="candidates",
    meaning="Who may be offered something, with all that an offer's value rests on.",
    grain="one user who fails no rule, or only those that exploration may pass over, or none that "
    "takes a sent offer back",
    key=("user_id",), owner=RISK, source="eligibility, scores, rule_facts, policy",
    partition="run",
    fields=(
        USER_ID, AS_OF_DATE, FEATURE_MATRIX.field("segment"), REGION, PARTNER,
        SCORES.field("score_points"),
        Field("pd", "double", "probability", "Of the PD model, within 1e-6 of 0 and 1.",
              minimum=0.0, maximum=1.0),
        *(Field(name, "double", SCORES.field(name).unit, SCORES.field(name).meaning
                + " The policy's planning figure where there is no model.", minimum=0.0,
                maximum=1.0) for name in ("response_ratio", "draw_ratio", "lgd_ratio")),
        Field("income_minor", "integer", f"{MINOR_UNIT} a month", "Expected income, or the "
              "policy's planning figure.", minimum=1),
        Field("card_limit_minor", "integer", MINOR_UNIT, "Highest limit of a bound card.", True, 0),
        Field("limit_cap_minor", "integer", MINOR_UNIT, "Highest limit that the person can carry "
              "and the law allows.", minimum=0),
        Field("cap_reason", "string", "code", "What sets it.", allowed=("affordability", "law",
                                                                        "menu")),
        *RULE_FACTS.fields[RULE_FACTS.columns.index("open_offer_id"):],
        Field("is_eligible", "boolean", "true/false", "Whether no rule fails; else only "
              "exploration may choose them, or a sent offer stands."),
        Field("is_promised", "boolean", "true/false", "Whether an offer was sent that no failing "
              "rule takes back: it stands, or nothing, where the person is not eligible."),
    ))

LIMITS = Table(
    name="limits",
    meaning="Limit and rate of each candidate, how they came about, and what they are worth.",
    grain="one candidate", key=("user_id",), owner=RISK,
    source="candidates, policy", partition="run",
    fields=(
        USER_ID,
        Field("method", "string", "code", "How the offer, or none, came about.", allowed=METHODS),
        Field("is_offered", "boolean", "true/false", "Whether the person gets an offer."),
        Field("score_tier", "string", "tier", "Row of the tier matrix for the score: a grade of "
              "risk."),
        Field("limit_minor", "integer", MINOR_UNIT, "Pre-approved limit.", True, 0),
        Field("rate_daily", "rate", "1/day", "Interest a day on what is drawn.", True, 0),
        Field("expected_draw_minor", "integer", MINOR_UNIT, "Response times share drawn times "
              "limit.", minimum=0),
        Field("expected_loss_minor", "integer", MINOR_UNIT, "That times PD times loss given "
              "default.", minimum=0),
        Field("draw_variance", "integer", "currency squared", "Of what is drawn.", minimum=0),
        Field("expected_value_minor", "integer", MINOR_UNIT, "Interest less loss and invitation "
              "over the horizon, before the cost of money."),
        Field("uncoupled_limit_minor", "integer", MINOR_UNIT, "What would be best for the person "
              "alone, without any row.", True, 0),
        Field("uncoupled_rate_daily", "rate", "1/day", "Its rate.", True, 0),
        Field("size_reason", "string", "code", "What kept the limit from being higher.",
              allowed=SIZE_REASONS),
        Field("size_row", "string", "name", "The row whose price did, where one did.", True),
        Field("propensity_ratio", "double", "probability", "Of this offer to this person, where "
              "chance made it.", True, 0.0, 1.0),
    ))

MENU = Table(
    name="menu", meaning="The entries from which each person gets at most one.",
    grain="one entry", key=("entry",), owner=RISK, source="policy", partition="run",
    fields=(
        Field("entry", "integer", "number", "Place in the menu: by limit, then rate.", minimum=0),
        Field("limit_minor", "integer", MINOR_UNIT, "Limit.", minimum=1),
        Field("rate_daily", "rate", "1/day", "Interest a day.", minimum=0),
    ))

ECONOMICS = Table(
    name="economics", meaning="Figures behind value and use of an offer, the same for everyone.",
    grain="one figure", key=("figure",), owner=RISK, source="policy, models", partition="run",
    fields=(
        Field("figure", "string", "name", "As in `jobs/limits/problem.py`, `Economics`; the "
              "coefficients are `response_limit`, `response_rate`, `draw_limit`, `draw_rate`."),
        Field("value", "double", "its own", "The figure."),
    ))

COUPLING_ROWS = Table(
    name="coupling_rows",
    meaning="What offers may use together, what they use, and the multiplier of the bound.",
    grain="one row", key=("row_name",), owner=RISK, source="policy, funding_lines, limits",
    partition="run",
    fields=(
        ROW_NAME,
        Field("text", "string", "sentence", "What the row is for."),
        Field("unit", "string", "unit", "Of capacity, use and slack."),
        Field("capacity", "double", "unit", "Right side of the row; of a funding row with a "
              "chance, of the straight line around it."),
        Field("used", "double", "unit", "Left side, all offers together."),
        Field("slack", "double", "unit", "What is left, priced steps included; of a row with a "
              "chance of the chance itself; never below 0."),
        Field("multiplier", "double", "1/100 currency a unit", "Lagrange multiplier of the "
              "bound.", minimum=0.0),
        Field("chance_available_minor", "double", MINOR_UNIT, "Of a chance: money there is.",
              True),
        Field("chance_z", "double", "standard deviations", "Of a chance: quantile.", True),
        Field("chance_spread", "double", "ratio", "Of a chance: deviation over mean of the common "
              "factor.", True),
    ))

COUPLING_TERMS = Table(
    name="coupling_terms", meaning="What uses a coupling row: weight times a measure of a group.",
    grain="one term of a row", key=("row_name", "term"), owner=RISK, source="policy",
    partition="run",
    fields=(
        ROW_NAME,
        Field("term", "integer", "number", "Place in the row.", minimum=0),
        Field("measure", "string", "code", "What is summed.",
              allowed=("people", "limit_minor", "expected_draw_minor", "expected_loss_minor",
                       "draw_variance")),
        Field("weight", "double", "factor", "Of the sum."),
        Field("group_column", "string", "column", "Column of candidates that says who counts; "
              "empty: everyone."),
        Field("group_values", "strings", "values", "Values of it that count."),
    ))

COUPLING_STEPS = Table(
    name="coupling_steps", meaning="What may be bought beyond a row's capacity: the funding lines.",
    grain="one step of a row", key=("row_name", "step"), owner=RISK,
    source="policy, funding_lines", partition="run",
    fields=(
        ROW_NAME,
        Field("step", "integer", "number", "Place, cheapest first.", minimum=0),
        Field("step_name", "string", "name", "E.g. the funder."),
        Field("amount", "double", "the row's unit", "At most."),
        Field("price", "double", "1/100 currency a unit", "Over the horizon."),
        Field("used", "double", "the row's unit", "What the offers use of it."),
    ))

CERTIFICATE = Table(
    name="certificate", meaning="The proof: what the offers are worth, and what none could exceed.",
    grain="one night", key=("as_of_date",), owner=RISK, source="limits, coupling rows",
    partition="run",
    fields=(
        AS_OF_DATE,
        Field("optimised_people", "integer", "people", "Candidates the optimiser decided about.",
              minimum=0),
        Field("fixed_people", "integer", "people", "Offers fixed before: honoured, random, of "
              "another strategy.", minimum=0),
        Field("value_minor", "integer", MINOR_UNIT, "Of all offers, less the steps they use."),
        Field("bound_minor", "double", MINOR_UNIT, "No allocation of the optimised people that "
              "keeps all rows is worth more, the fixed offers given."),
        Field("gap_ratio", "double", "ratio", "(bound - value) / |bound|.", minimum=0.0),
        Field("evaluations", "integer", "passes", "Over everyone, to find the multipliers.",
              minimum=0),
    ))

SHADOW_PRICES = Table(
    name="shadow_prices", meaning="What more of each row would earn, and from where to where.",
    grain="one row", key=("row_name",), owner=RISK, source="candidates, coupling rows",
    partition="run",
    fields=(
        ROW_NAME,
        Field("text", "string", "sentence", "What the row is for."),
        Field("unit", "string", "unit", "Of capacity."),
        Field("capacity", "double", "unit", "Now."),
        Field("price", "double", "1/100 currency a unit", "Earned by one unit more."),
        Field("holds_from", "double", "unit", "Capacity from which the price stays within a tenth "
              "of this.", True),
        Field("holds_to", "double", "unit", "Capacity to which it does.", True),
        Field("step", "double", "unit", "A round amount more: 100 million, or a tenth."),
        Field("step_value_minor", "double", MINOR_UNIT, "What that step more would earn."),
        Field("cost_minor", "double", MINOR_UNIT, "What the row costs: earned more without it.",
              True),
    ))

VALUE_CURVES = Table(
    name="value_curves", meaning="The bound at other capacities of a row, the others as they are.",
    grain="one capacity of a row", key=("row_name", "capacity"), owner=RISK,
    source="candidates, coupling rows", partition="run",
    fields=(
        ROW_NAME,
        Field("capacity", "double", "unit", "Of the row; of `funding` the money of all lines."),
        Field("bound_minor", "double", MINOR_UNIT, "No offers would be worth more."),
    ))

#: Published beside the whitelist, so that anyone can check it.
PROOF = (CANDIDATES, LIMITS, MENU, ECONOMICS, COUPLING_ROWS, COUPLING_TERMS, COUPLING_STEPS,
         CERTIFICATE, SHADOW_PRICES, VALUE_CURVES)
