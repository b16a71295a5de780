"""Inquiries at the bureau: hunger for credit.

Who asks many lenders in few weeks has been refused by most of them; inquiries of the last months
are among the strongest variables of every bureau score.
"""

from __future__ import annotations

from pyspark.sql import functions as F

from jobs.contracts.feeds import BUREAU_INQUIRIES
from jobs.features.declare import Feature, base, trend
from jobs.tiles.source import Measure, TileSource, one, where

_INQUIRIES = "inquiries"

SOURCE = TileSource(BUREAU_INQUIRIES, (
    Measure("inquiry_count", _INQUIRIES, "Inquiries", one),
    Measure("application_inquiry_count", _INQUIRIES, "Inquiries for an application",
            where(lambda: F.col("reason") == "application")),
    Measure("guarantee_inquiry_count", _INQUIRIES, "Inquiries for a guarantee",
            where(lambda: F.col("reason") == "guarantee")),
), __file__)

FEATURES: tuple[Feature, ...] = (*base(SOURCE), *trend(SOURCE, "inquiry_count", "Inquiries"))
