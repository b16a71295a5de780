"""What rules and personal caps look at beside features and scores → `rule_facts`.

Sources: clean bound_cards, suppressions, marketing_opt_outs, invitations, loan_days as known by the
night; `feature_matrix`, `scores`, the release before the night; of a night without the bureau whom
that has a file of. Grain: one considered user. Of everyone, considered or not, `barriers` and
`own_invitations` are kept beside it, for the ledgers.

What stands on account data (region, partner, cards, debts, evidence) is missing where the person
does not agree to its use. Suppressions, refusals, own loans and own offers need no consent. A night
without a model knows no income: what is divided by it is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from jobs import store
from jobs.config import DECIDING_MODEL, NO_MODEL, Run
from jobs.contracts import feeds
from jobs.contracts.campaign import BARRIERS, OWN_INVITATIONS
from jobs.contracts.limits import RULE_FACTS
from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.contracts.table import Table
from jobs.expressions import how_many, ratio, total
from jobs.features.declare import active_days
from jobs.features.families import SOURCES
from jobs.inputs import facts, frozen_policy, unchanged
from jobs.labels.known import known
from jobs.labels.loans import owed_to_us
from jobs.offers import open_offers, permission, unseen
from jobs.policies.feeds import BUREAU_UNSEEN
from jobs.release import warehouse
from jobs.session import session
from jobs.tiles.plan import LONGEST_DAYS

#: Counts of `feature_matrix` that are above 0 where a source tells of the person. Of the bureau
#: the lines count, not who asked; social relations do not count at all.
EVIDENCE: tuple[str, ...] = ("statement_months", "bureau_months", *(
    f"{active_days(source)}_{LONGEST_DAYS}d" for source in SOURCES
    if source.feed not in (feeds.BUREAU_INQUIRIES, feeds.SOCIAL_EDGES)))
#: What is read of the matrix.
_READ = ("user_id", "account_consents", "verified_card_count", "oldest_card_days",
         "card_limit_minor", "debt_minor", "mortgage_debt_minor", "monthly_obligation_minor",
         *EVIDENCE)
#: Of whom a list, a channel, our book or a bureau left out says nothing, there is none.
_NONE = ("suppressions", "student_lists", "closed_channels", "own_balance_minor", BUREAU_UNSEEN)


def build(matrix: DataFrame, scores: DataFrame | None, parts: Sequence[DataFrame]) -> DataFrame:
    """The facts of everyone considered.

    Args:
        matrix: `feature_matrix`.
        scores: `scores`, or None in a night without a model.
        parts: What `profile`, `permission.counts`, `loans.owed_to_us`, `open_offers.build`,
            `open_offers.allowed_from` and `unseen.build` give.
    """
    people = matrix.select(*_READ)
    people = (people.withColumn("income", F.lit(None).cast("long")) if scores is None else
              people.join(scores.select("user_id", F.col("income_minor").alias("income")),
                          on="user_id", how="left"))
    for part in parts:
        people = people.join(part, on="user_id", how="left")
    # Before the balances that nobody told of become 0: neither bureau nor book knows the person.
    owed = total([F.col("debt_minor"), F.col("own_balance_minor")])
    carried = owed - F.coalesce("mortgage_debt_minor", F.lit(0))
    agrees = F.coalesce(F.col("account_consents") == 1, F.lit(True))
    named = {
        **{name: F.when(agrees, F.col(name)) for name in ("region", "partner")},
        "verified_names": F.col("verified_card_count"), "card_age_days": F.col("oldest_card_days"),
        **{name: F.coalesce(name, F.lit(0)) for name in _NONE},
        "closed_channel_names": F.coalesce("closed_channel_names",
                                           F.array().cast("array<string>")),
        "total_debt_minor": owed,
        "debt_to_income_months": ratio(carried, F.col("income")),
        "obligation_ratio": ratio(F.col("monthly_obligation_minor"), F.col("income")),
        "evidence_sources": evidence()}
    return people.select(*[named.get(name, F.col(name)).cast(
        RULE_FACTS.spark_schema[name].dataType).alias(name) for name in RULE_FACTS.columns])


def evidence() -> Column:
    """How many sources beside social relations tell something of the person."""
    return how_many([*(F.col(name) > 0 for name in EVIDENCE),
                     F.col("card_limit_minor").isNotNull()])


def profile(cards: DataFrame) -> DataFrame:
    """`user_id`, `region` and `partner`: as told last, and the bank of the newest card bound now.

    Args:
        cards: Known bound_cards.
    """
    def first(rows: DataFrame, name: str) -> DataFrame:
        newest = Window.partitionBy("user_id").orderBy(F.col("event_date").desc(), name)
        return (rows.where(F.col(name).isNotNull())
                .withColumn("recency", F.row_number().over(newest)).where(F.col("recency") == 1)
                .select("user_id", name))

    of_card = Window.partitionBy("user_id", "card_number").orderBy(F.col("event_date").desc())
    bound = (cards.withColumn("place", F.row_number().over(of_card))
             .where((F.col("place") == 1) & (F.col("action") == "bind"))
             .withColumn("partner", F.col("bank")))
    return first(cards, "region").join(first(bound, "partner"), on="user_id", how="full")


def main(run: Run) -> dict[str, int]:
    """Write the facts of everyone considered."""
    spark, policy = session(), frozen_policy(run)

    def told(feed: Table) -> DataFrame:
        return known(facts(spark, run, feed), feed.key, run.as_of)

    def kept(rows: DataFrame, contract: Table) -> DataFrame:
        store.write(rows, contract, run.folder / contract.name)
        return store.read(spark, run.folder / contract.name, contract)

    cards, days = told(feeds.BOUND_CARDS), told(feeds.LOAN_DAYS)
    barred = kept(permission.barriers(told(feeds.SUPPRESSIONS), cards,
                                      told(feeds.MARKETING_OPT_OUTS)), BARRIERS)
    released = _released(spark, run)
    mine = kept(open_offers.own(told(feeds.INVITATIONS), days, policy.offer_valid_days, released),
                OWN_INVITATIONS)
    offers = open_offers.build(mine, days, released, run.as_of,
                               policy.outcomes.response_days)
    waits = open_offers.allowed_from(mine, policy.campaign.frequency_caps, run.as_of)
    table = build(store.read(spark, run.folder / "feature_matrix", FEATURE_MATRIX),
                  _scores(spark, run),
                  [profile(cards), permission.counts(barred), owed_to_us(days), offers, waits,
                   unseen.of(spark, run)])
    people = store.write(table, RULE_FACTS, run.folder / RULE_FACTS.name)
    return {"considered": people, **_counts(store.read(spark, run.folder / RULE_FACTS.name,
                                                       RULE_FACTS))}


def _scores(spark: SparkSession, run: Run) -> DataFrame | None:
    if unchanged(run)["models"][DECIDING_MODEL] == NO_MODEL:
        return None
    return store.read(spark, run.folder / "scores", SCORES)


def _released(spark: SparkSession, run: Run) -> DataFrame | None:
    """The offers of the release that was frozen as the one before the night."""
    previous: dict[str, Any] | None = unchanged(run).get("previous")
    if previous is None:
        return None
    # A release of an earlier version lacks later columns: only what is needed is asked for.
    files = warehouse.data_files(run.home, "whitelist", previous["release_id"])
    return open_offers.of_release(spark.read.parquet(*map(str, files)), previous["currency"])


def _counts(written: DataFrame) -> dict[str, int]:
    """For the step's line."""
    row = written.agg(
        F.count(F.when(F.col("suppressions") > 0, 1)), F.count("refused_days"),
        F.count(F.when(F.col("is_open_offer_sent"), 1)), F.count("open_offer_id")).collect()[0]
    return dict(zip(("suppressed", "refused", "offers_sent", "offers_open"), map(int, row)))
