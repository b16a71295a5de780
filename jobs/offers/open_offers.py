"""Offers of ours that are open, and invitations that ran out unanswered.

Sources: clean invitations and loan_days as the night knows them, the release before the night.
Grain: one user. Both rest on the contract with the person and need no consent.

An invitation may be taken until the day that the release before said of its offer, which its
message named; of one that is not on that list for `offer_valid_days`, the day of its sending being
the first. It is open to the night while it may still be taken tomorrow, the first day of the
night's own list; a draw-down of a loan of ours on its day or later has answered it. Where none is
open, the offer of the release before the night is, if it may be taken tomorrow too: it was
published, but nobody has told that it was sent. An invitation has run out when neither it nor the
time to answer it (`response_days`) goes on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.contracts.campaign import OWN_INVITATIONS
from jobs.limits.problem import MINOR
from jobs.policies.campaign import FrequencyCap

OFFER = ("open_offer_id", "open_limit_minor", "open_rate_daily", "open_until",
         "is_open_offer_sent")


def own(sent: DataFrame, days: DataFrame, valid_days: int,
        released: DataFrame | None = None) -> DataFrame:
    """Every invitation of ours: OWN_INVITATIONS.

    Args:
        sent: Known invitations, of all lenders.
        days: Known rows of loan_days, of all lenders.
        valid_days: Days for which an invitation may be taken, where no list says until when.
        released: What `of_release` gives, or None where there was no release before.
    """
    newest = Window.partitionBy("user_id").orderBy(F.col("event_date").desc(), "offer_id")
    mine = (sent.where(F.col("lender") == "own")
            .withColumn("recency", F.row_number().over(newest).cast("long"))
            .withColumn("next_on", F.lag("event_date").over(newest)))
    answers = (mine.select("offer_id", "user_id", "event_date")
               .join(_drawn(days), on="user_id", how="inner")
               .where(F.col("drawn_on") >= F.col("event_date"))
               .groupBy("offer_id").agg(F.min("drawn_on").alias("drawn_on")))
    is_taken = F.col("next_on").isNull() | (F.col("drawn_on") < F.col("next_on"))
    until = F.date_add("event_date", valid_days - 1)
    if released is not None:
        said = released.select(F.col("open_offer_id").alias("offer_id"),
                               F.col("open_until").alias("said_until"))
        mine = mine.join(said, on="offer_id", how="left")
        until = F.coalesce("said_until", until)
    return (mine.join(answers, on="offer_id", how="left")
            .withColumn("sent_on", F.col("event_date"))
            .withColumn("open_until", until)
            .withColumn("is_taken", F.col("drawn_on").isNotNull() & is_taken)
            .select(*OWN_INVITATIONS.columns))


def build(mine: DataFrame, days: DataFrame, released: DataFrame | None, as_of: dt.date,
          response_days: int) -> DataFrame:
    """`user_id`, OFFER (null where none is open) and `refused_days` (null where none ran out).

    Args:
        mine: OWN_INVITATIONS.
        days: Known rows of loan_days, of all lenders.
        released: What `of_release` gives, or None where there was no release before.
        as_of: The night.
        response_days: Days after an invitation within which a loan answers it.
    """
    night, unanswered = F.lit(as_of), mine.where(F.col("drawn_on").isNull())
    ran_out = F.greatest("open_until", F.date_add("sent_on", response_days))
    refused = (unanswered.where(ran_out <= night).groupBy("user_id")
               .agg(F.datediff(night, F.max(ran_out)).cast("long").alias("refused_days")))
    is_open = (F.col("recency") == 1) & (F.col("open_until") > night)
    found = unanswered.where(is_open).select("user_id", *_named(
        F.col("offer_id"), F.col("limit_minor"), F.col("rate_daily"), F.col("open_until"),
        F.lit(True)))
    if released is not None:
        last = _drawn(days).groupBy("user_id").agg(F.max("drawn_on").alias("drawn_on"))
        waiting = (released.where(F.col("open_until") > night)
                   .join(last, on="user_id", how="left")
                   .where(F.col("drawn_on").isNull() | (F.col("drawn_on") < F.col("valid_from")))
                   .join(found.select("user_id"), on="user_id", how="left_anti"))
        found = found.union(waiting.select("user_id", *OFFER))
    return (found.join(refused, on="user_id", how="full")
            .select("user_id", *OFFER, "refused_days"))


def allowed_from(mine: DataFrame, caps: Sequence[FrequencyCap], as_of: dt.date) -> DataFrame:
    """`user_id`, `may_be_sent_from`: of who has to wait, the first day that no cap forbids.

    So many days after the invitation that is the last but so many: a cap of 2 in 30 days looks at
    the newest but one.

    Args:
        mine: OWN_INVITATIONS.
        caps: Of the policy; all of them hold.
        as_of: The night; who may be invited by then need not wait.
    """
    first = F.lit(None).cast("date")
    for cap in caps:
        reached = F.when(F.col("recency") == cap.at_most, F.date_add("sent_on", cap.days))
        first = F.greatest(first, reached)  # of nulls and dates the dates
    return (mine.withColumn("first", first).groupBy("user_id")
            .agg(F.max("first").alias("may_be_sent_from"))
            .where(F.col("may_be_sent_from") > F.lit(as_of)))


def _drawn(days: DataFrame) -> DataFrame:
    """`user_id`, `drawn_on`: days on which a loan of ours was drawn."""
    return (days.where((F.col("lender") == "own") & (F.col("drawn_minor") > 0))
            .select("user_id", F.col("event_date").alias("drawn_on")).distinct())


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
