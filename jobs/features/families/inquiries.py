"""Inquiries at the bureau: hunger for credit.

Who asks many lenders in few weeks has been refused by most of them; inquiries of the last months
are among the strongest variables of every bureau score.

Signs: more inquiries, lately and rising, more risk; who vouches for others may have to pay for
them.
"""

from __future__ import annotations

from pyspark.sql import functions as F

from jobs.contracts.feeds import BUREAU_INQUIRIES
from jobs.features.declare import Feature, base, trend
from jobs.tiles.source import Measure, TileSource, one, where

_INQUIRIES, _CODE = "inquiries", "INQUIRIES"

SOURCE = TileSource(BUREAU_INQUIRIES, (
    Measure("inquiry_count", _INQUIRIES, "Inquiries", one, monotone=1),
    Measure("application_inquiry_count", _INQUIRIES, "Inquiries for an application",
            where(lambda: F.col("reason") == "application"), monotone=1),
    Measure("guarantee_inquiry_count", _INQUIRIES, "Inquiries for a guarantee",
            where(lambda: F.col("reason") == "guarantee"), monotone=1),
), __file__)

FEATURES: tuple[Feature, ...] = (
    *base(SOURCE, _CODE, recency_monotone=-1),
    *trend(SOURCE, "inquiry_count", "Inquiries", 1, _CODE))
