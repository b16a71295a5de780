"""Bound cards: who keeps several cards for years, in the own name, is known to several banks.

A card is a bank's own judgement of the holder. Cards bound in haste and unbound again come before
trouble; many phones on one person's cards tell of borrowed ones.

Signs: limits, names that banks confirmed and the age of cards lower the risk; cards given up and
several phones raise it. The number of cards says nothing by itself.

Source: clean bound_cards, as visible. Grain: one user and as-of date, of everyone who ever bound a
card. Of one card the newest row says whether it is bound.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.contracts.table import Field
from jobs.features.fields import money
from jobs.features.point_in_time import SPINE

LIMIT = money("card_limit_minor", "Highest limit of a bound card.", -1, "CARD_LIMIT")
UNBOUND_DAYS = (30, 90, 365)


def _count(name: str, meaning: str, unit: str = "cards", monotone: int = 0,
           code: str = "BOUND_CARDS") -> Field:
    return Field(name, "integer", unit, meaning, True, 0, monotone=monotone, reason_code=code)


FIELDS: tuple[Field, ...] = (
    _count("bound_card_count", "Cards bound now."),
    _count("bound_credit_card_count", "Credit cards bound now."),
    _count("bound_debit_card_count", "Debit cards bound now."),
    _count("verified_card_count", "Cards bound now whose bank confirmed the name.",
           monotone=-1),
    _count("card_bank_count", "Banks of the cards bound now.", "banks"),
    _count("card_phone_count", "Phones told with the cards bound now.", "phones", 1),
    Field("card_limit_sum_minor", "integer", "1/100 currency", "Limits of the cards bound now, "
          "added up.", True, 0, monotone=-1, reason_code="CARD_LIMIT"),
    _count("oldest_card_days", "Days since the first of the cards bound now was bound.", "days",
           -1, "CARD_AGE"),
    _count("newest_card_days", "Days since the last of the cards bound now was bound.", "days",
           -1, "CARD_AGE"),
    *(_count(f"unbound_card_count_{days}d", f"Cards unbound, last {days} days.", monotone=1)
      for days in UNBOUND_DAYS),
)


def build(cards: DataFrame) -> DataFrame:
    """What the cards say of a person.

    Args:
        cards: Visible bound_cards.

    Returns:
        SPINE, `limit` and `age_years` (of the cards bound now) and FIELDS.
    """
    bound = F.col("is_bound")

    def of_bound(value: Column) -> Column:
        return F.when(bound, value)

    def how_many(condition: Column) -> Column:
        return F.sum(F.when(condition, F.lit(1)).otherwise(F.lit(0)).cast("long"))

    return _one_row_a_card(cards).groupBy(*SPINE).agg(
        F.max(of_bound(F.col("card_limit_minor"))).alias("limit"),
        F.max(of_bound(F.col("age_years"))).alias("age_years"),
        how_many(bound).alias("bound_card_count"),
        how_many(bound & (F.col("card_kind") == "credit")).alias("bound_credit_card_count"),
        how_many(bound & (F.col("card_kind") == "debit")).alias("bound_debit_card_count"),
        how_many(bound & F.col("is_name_verified")).alias("verified_card_count"),
        F.count_distinct(of_bound(F.col("bank"))).alias("card_bank_count"),
        F.count_distinct(of_bound(F.col("phone"))).alias("card_phone_count"),
        F.sum(of_bound(F.col("card_limit_minor"))).alias("card_limit_sum_minor"),
        F.max(of_bound(F.col("bound_days"))).alias("oldest_card_days"),
        F.min(of_bound(F.col("bound_days"))).alias("newest_card_days"),
        *[how_many(~bound & (F.col("age_days") < days)).alias(f"unbound_card_count_{days}d")
          for days in UNBOUND_DAYS],
    ).select(*SPINE, "limit", "age_years", *[field.name for field in FIELDS])


def _one_row_a_card(cards: DataFrame) -> DataFrame:
    """The newest row of each card, with the days since it was bound first and since that row."""
    of_card = Window.partitionBy(*SPINE, "card_number")
    first = F.min(F.when(F.col("action") == "bind", F.col("event_date"))).over(of_card)
    recency = F.row_number().over(of_card.orderBy(F.col("event_date").desc()))
    return (cards.withColumn("first_bound_on", first).withColumn("recency", recency)
            .where(F.col("recency") == 1)
            .withColumn("is_bound", F.col("action") == "bind")
            .withColumn("bound_days",
                        F.datediff("as_of_date", "first_bound_on").cast("long"))
            .withColumn("age_days", F.datediff("as_of_date", "event_date").cast("long")))
