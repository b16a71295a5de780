"""What a broken delivery is made of, and how it has to end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CARD, PHONE = "6222000011112222", "13800138000"

HEADER = b"user_id,event_date,balance_minor,payment_minor\n"
ANNA = b"anna,2026-05-31,1200,100\n"
SUMS = {"balance_minor": 1200, "payment_minor": 100}

CARDS_HEADER = (b"user_id,event_date,card_number,action,card_kind,bank,card_limit_minor,"
                b"is_name_verified,national_id,phone,age_years,gender,education,marital_status,"
                b"region\n")
CARDS_ANNA = b"anna,2026-05-31,6222000011112222,bind,debit,,,true,,13800138000,30,,,,\n"
CARDS_SUMS = {"age_years": 30}

PAYMENTS_HEADER = b"payment_id,user_id,event_at,amount_minor,direction,kind\n"
PAYMENTS_ANNA = b"p1,anna,2026-05-31 08:00:00,500,in,salary\n"
PAYMENTS_SUMS = {"amount_minor": 500}


@dataclass(frozen=True)
class End:
    """How it ends: words of the refusal, or exact counts and the set of reasons."""

    refused: tuple[str, ...] = ()
    counts: tuple[int, int, int] = (0, 0, 0)
    reasons: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Case:
    """One delivery: files and the manifest's words, then what else is done to the folder."""

    name: str
    files: dict[str, bytes]
    rows: list[int]
    end: End
    feed: str = "statements"
    form: str = "csv"
    totals: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    #: Changes the manifest's content, or gives its bytes.
    rewrite: Callable[[dict[str, Any]], Any] | None = None
    #: Changes the folder once all is written.
    harm: Callable[..., None] | None = None


def refused(*words):
    """The delivery is refused whole, in one line that has these words."""
    return End(refused=words)


def kept(accepted, quarantined=0, duplicates=0, *reasons):
    """The delivery is taken in, with these counts and exactly these reasons."""
    return End(counts=(accepted, quarantined, duplicates), reasons=frozenset(reasons))


def plus(sums, **more):
    """Control totals of a sound row and what a second one adds."""
    return {**sums, **{name: sums.get(name, 0) + value for name, value in more.items()}}


def line(name, raw, *reasons, **more):
    """Anna's sound statement and a second line that is quarantined for these reasons."""
    end = kept(1, 1, 0, *reasons) if reasons else kept(2)
    return Case(name, {"s.csv": HEADER + ANNA + raw + b"\n"}, [2], end, said=more,
                totals=SUMS)


def cell(name, text, *reasons, adds=0):
    """Anna's sound statement and one whose balance is this text."""
    raw = b"carl,2026-05-31," + text.encode() + b",0\n"
    end = kept(1, 1, 0, *reasons) if reasons else kept(2)
    return Case(name, {"s.csv": HEADER + ANNA + raw}, [2], end,
                totals=plus(SUMS, balance_minor=adds))


def day(name, text, *reasons):
    """Anna's sound statement and one of this date."""
    return line(name, b"carl," + text.encode() + b",0,0", *reasons)


def moment(name, text, *reasons):
    """Anna's sound payment and one at this time."""
    raw = b"p2,carl," + text.encode() + b",0,out,bill\n"
    end = kept(1, 1, 0, *reasons) if reasons else kept(2)
    return Case(name, {"p.csv": PAYMENTS_HEADER + PAYMENTS_ANNA + raw}, [2], end, "payments",
                totals=PAYMENTS_SUMS)


def whole(name, content, end, rows=1, totals=None, file="s.csv", **more):
    """A file of statements as it is."""
    return Case(name, {file: content}, [rows], end, totals=SUMS if totals is None else totals,
                said=more)


def card(name, raw, end, rows=2, totals=None):
    """Anna's sound card and further lines, all with raw identifiers."""
    return Case(name, {"c.csv": CARDS_HEADER + CARDS_ANNA + raw}, [rows], end, "bound_cards",
                totals=totals or CARDS_SUMS)
