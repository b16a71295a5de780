"""Offers of ours that are open, and invitations that ran out unanswered.

Sources: clean invitations and loan_days as the night knows them, the release before the night.
Grain: one user. Both rest on the contract with the person and need no consent.

An invitation may be taken for `offer_valid_days`, the day of its sending being the first. It is
open to the night while it may still be taken tomorrow, the first day of the night's own list; a
draw-down of a loan of ours on its day or later has answered it. Where none is open, the offer of
the release before the night is, if it may be taken tomorrow too: it was published, but nobody has
told that it was sent. An invitation has run out when neither it nor the time to answer it
(`response_days`) goes on.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.limits.problem import MINOR

OFFER = ("open_offer_id", "open_limit_minor", "open_rate_daily", "open_until",
         "is_open_offer_sent")


def build(sent: DataFrame, days: DataFrame, released: DataFrame | None, as_of: dt.date,
          valid_days: int, response_days: int) -> DataFrame:
    """`user_id`, OFFER (null where none is open) and `refused_days` (null where none ran out).

    Args:
        sent: Known invitations, of all lenders.
        days: Known rows of loan_days, of all lenders.
        released: What `of_release` gives, or None where there was no release before.
        as_of: The night.
        valid_days: Days for which an invitation may be taken.
        response_days: Days after an invitation within which a loan answers it.
    """
    night = F.lit(as_of)
    drawn = (days.where((F.col("lender") == "own") & (F.col("drawn_minor") > 0))
             .groupBy("user_id").agg(F.max("event_date").alias("drawn_on")))
    newest = Window.partitionBy("user_id").orderBy(F.col("event_date").desc(), "offer_id")
    until = F.date_add("event_date", valid_days - 1)
    own = (sent.where(F.col("lender") == "own")
           .withColumn("recency", F.row_number().over(newest))
           .join(drawn, on="user_id", how="left")
           .where(F.col("drawn_on").isNull() | (F.col("drawn_on") < F.col("event_date"))))
    ran_out = F.greatest(until, F.date_add("event_date", response_days))
    refused = (own.where(ran_out <= night).groupBy("user_id")
               .agg(F.datediff(night, F.max(ran_out)).cast("long").alias("refused_days")))
    is_open = (F.col("recency") == 1) & (until > night)
    found = own.where(is_open).select("user_id", *_named(
        F.col("offer_id"), F.col("limit_minor"), F.col("rate_daily"), until, F.lit(True)))
    if released is not None:
        waiting = (released.where(F.col("open_until") > night)
                   .join(drawn, on="user_id", how="left")
                   .where(F.col("drawn_on").isNull() | (F.col("drawn_on") < F.col("valid_from")))
                   .join(found.select("user_id"), on="user_id", how="left_anti"))
        found = found.union(waiting.select("user_id", *OFFER))
    return (found.join(refused, on="user_id", how="full")
            .select("user_id", *OFFER, "refused_days"))


def of_release(whitelist: DataFrame, currency: str) -> DataFrame:
    """A release's offers: `user_id`, OFFER, and `valid_from`, the first day of each.

    Args:
        whitelist: Its rows.
        currency: In the name of the limit.
    """
    return whitelist.select(
        "user_id", *_named(F.col("offer_id"), F.col(f"limit_{currency.lower()}") * MINOR,
                           F.col("rate_daily"), F.col("valid_to"), F.lit(False)), "valid_from")


def _named(*values: Column) -> list[Column]:
    return [value.alias(name) for name, value in zip(OFFER, values, strict=True)]
