"""What several feeds share: the person, the two clocks, amounts, and the raw identifiers."""

from __future__ import annotations

from jobs.contracts.table import Field

#: The oldest event that a feed may hold.
EARLIEST = "1990-01-01"
#: Largest amount of one row, 1/100 currency: sums over a billion rows stay within 64 bits.
MOST_MINOR = 10**12

USER_ID = Field("user_id", "string", "id as delivered", "The person, as the feed names them.")
EVENT_DATE = Field("event_date", "date", "date", "When it happened; never after its delivery.",
                   minimum=EARLIEST)
EVENT_AT = Field("event_at", "timestamp", "local time, to the second",
                 "When it happened; never after the day of its delivery.", minimum=EARLIEST)
DELIVERY_DATE = Field("delivery_date", "date", "date", "Knowledge time: the delivery's date.")
VOIDED_ON = Field("voided_on", "date", "date", "From then on a later delivery stands in for the "
                  "one that brought it.", nullable=True)


def record_id(name: str, what: str) -> Field:
    """The id that the deliverer gives to one record, unique within the feed."""
    return Field(name, "string", "id as delivered", f"The {what}, as the feed names it.")


def amount(name: str, meaning: str, minimum: int = 0, nullable: bool = False) -> Field:
    """Money of one row in minor units; `minimum` below zero where it has a direction."""
    return Field(name, "integer", "1/100 currency", meaning, nullable, minimum, MOST_MINOR)


def code(name: str, meaning: str, allowed: tuple[str, ...], nullable: bool = False) -> Field:
    """A value of a closed list."""
    return Field(name, "string", "code", meaning, nullable, allowed=allowed)


def identifier(name: str, meaning: str, nullable: bool = False) -> Field:
    """A raw identifier: in the clean table it is a token, and the raw value is nowhere."""
    return Field(name, "string", "token", meaning, nullable, is_identifier=True)
