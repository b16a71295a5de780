"""Loan performance → labels: the outcomes that the night may learn from.

Source: clean loan_performance. Grain: one user and observation date. Output: `labels`. Of several
deliveries about the same window the newest counts.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts.feeds import LOAN_PERFORMANCE
from jobs.contracts.night import LABELS, OUTCOMES
from jobs.inputs import facts
from jobs.session import session


def build(performance: DataFrame, as_of: F.Column) -> DataFrame:
    """The newest known outcome of each window that had closed by the as-of date.

    Features of a label's row are those known by `observed_on`, the first day of its performance
    window; feeds are daily at best, so that day's own deliveries still count as known.
    """
    newest = Window.partitionBy(*LOAN_PERFORMANCE.key).orderBy(F.col("delivery_date").desc())
    return (performance
            .where((F.col("delivery_date") <= as_of) & (F.col("event_date") <= as_of)
                   & F.col("voided_on").isNull())
            .withColumn("recency", F.row_number().over(newest))
            .where(F.col("recency") == 1)
            .select("user_id", F.col("observed_on").alias("as_of_date"), "is_default",
                    *[F.lit(1.0 if field.name == "weight" else None)
                      .cast(LABELS.spark_schema[field.name].dataType).alias(field.name)
                      for field in OUTCOMES if field.name != "is_default"]))


def borrowers(labels: DataFrame) -> DataFrame:
    """`user_id` of everyone whose loan performance is known, once each."""
    return labels.where(F.col("is_default").isNotNull()).select("user_id").distinct()


def main(run: Run) -> dict[str, int]:
    """Write the night's labels."""
    labels = build(facts(session(), run, LOAN_PERFORMANCE), F.lit(run.as_of))
    return {"labels": store.write(labels, LABELS, run.folder / "labels")}
