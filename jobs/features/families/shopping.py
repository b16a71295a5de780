"""Orders: what a household buys tells its stage of life and whether it lives within its means.

Staples and children's goods bought steadily tell of a settled household; luxury that outgrows the
rest, orders by night and goods sent back for the money tell of the opposite.

No signs: what people buy is their own affair, and sending goods back their right.
"""

from __future__ import annotations

from pyspark.sql import functions as F

from jobs.contracts.feeds import SHOPPING
from jobs.features.declare import Feature, base, share, trend
from jobs.tiles.source import Measure, TileSource, column, hour_between, one, where

_MONEY, _ORDERS, _AMOUNT = "1/100 currency", "orders", column("amount_minor")
_SHOPPING = "SHOPPING"

SOURCE = TileSource(SHOPPING, (
    Measure("order_count", _ORDERS, "Orders", one),
    Measure("order_minor", _MONEY, "Paid for orders", _AMOUNT),
    Measure("returned_order_count", _ORDERS, "Orders sent back",
            where(lambda: F.col("is_returned"))),
    Measure("night_order_count", _ORDERS, "Orders from 0 to 5 o'clock", where(hour_between(0, 5)),
            reason_code="NIGHT_ACTIVITY"),
    *(Measure(f"{name}_order_minor", _MONEY, f"Paid for {meaning}",
              where(lambda name=name: F.col("category") == name, _AMOUNT))  # type: ignore[misc]
      for name, meaning in (("groceries", "groceries"), ("baby", "goods for children"),
                            ("home", "the home"), ("travel", "travel"), ("luxury", "luxury"))),
    Measure("largest_order_minor", _MONEY, "Largest order", _AMOUNT, "max"),
), __file__)

FEATURES: tuple[Feature, ...] = (
    *base(SOURCE, _SHOPPING),
    *share(SOURCE, "order_mean_minor", "order_minor", "order_count", "Paid an order", 0, _SHOPPING),
    *share(SOURCE, "returned_order", "returned_order_count", "order_count",
           "Orders sent back over all", 0, _SHOPPING),
    *share(SOURCE, "luxury_order", "luxury_order_minor", "order_minor", "Luxury over all paid", 0,
           _SHOPPING),
    *share(SOURCE, "groceries_order", "groceries_order_minor", "order_minor",
           "Groceries over all paid", 0, _SHOPPING),
    *trend(SOURCE, "order_minor", "Paid for orders", 0, _SHOPPING),
)
