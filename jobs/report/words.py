"""Numbers and names as the pages of a night write them."""

from __future__ import annotations


def number(value: float) -> str:
    """A whole number with thousands separators and a true minus."""
    return f"{value:,.0f}".replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    """A share as per cent; a dash where there is none."""
    return "–" if share is None else f"{float(share) * 100:.{digits}f}\N{NO-BREAK SPACE}%"


def words(name: str) -> str:
    """A name of columns or codes as it is read."""
    return name.replace("_", " ")
