"""The UCI "default of credit card clients" → landing feeds.

Source: 30,000 card holders of a Taiwanese bank, April to October 2005 (I-Cheng Yeh and Che-hui
Lien, Expert Systems with Applications 36, 2009; UCI Machine Learning Repository, CC BY 4.0), as
`cards.parquet` (one row a holder) and `outcomes.parquet` (ID and default in October 2005, for
those whose outcome is known).

Output, amounts in 1/100 TWD:

| feed             | grain               | event dates                | delivered  |
| ---------------- | ------------------- | -------------------------- | ---------- |
| bound_cards      | one row a holder    | 2005-09-30                 | 2005-10-01 |
| statements       | one a holder, month | 2005-04-30 .. 2005-09-30   | 2005-10-01 |
| bureau_tradelines    | one a holder, month | 2005-04-30 .. 2005-09-30   | 2005-10-01 |
| loan_performance | one a known outcome | 2005-10-31, from 10-01 on  | 2005-11-01 |
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.adapters import files
from jobs.contracts import feeds
from jobs.errors import DeliveryRefused
from jobs.intake import outgoing

CURRENCY = "TWD"
CARDS_FILE, OUTCOMES_FILE = "cards.parquet", "outcomes.parquet"
OUTCOME = "default.payment.next.month"
DELIVERED, OUTCOMES_DELIVERED = dt.date(2005, 10, 1), dt.date(2005, 11, 1)
WINDOW_END = dt.date(2005, 10, 31)
#: Month end -> (balance, payment, repayment status). The file counts back from September, and
#: its status columns skip the number 1.
MONTHS: dict[dt.date, tuple[str, str, str]] = {
    dt.date(2005, 4, 30): ("BILL_AMT6", "PAY_AMT6", "PAY_6"),
    dt.date(2005, 5, 31): ("BILL_AMT5", "PAY_AMT5", "PAY_5"),
    dt.date(2005, 6, 30): ("BILL_AMT4", "PAY_AMT4", "PAY_4"),
    dt.date(2005, 7, 31): ("BILL_AMT3", "PAY_AMT3", "PAY_3"),
    dt.date(2005, 8, 31): ("BILL_AMT2", "PAY_AMT2", "PAY_2"),
    dt.date(2005, 9, 30): ("BILL_AMT1", "PAY_AMT1", "PAY_0"),
}
#: Codes as documented; those that are not (education 0, 5, 6; marriage 0) mean not known.
GENDER = {1: "male", 2: "female"}
EDUCATION = {1: "graduate_school", 2: "university", 3: "high_school", 4: "other"}
MARITAL_STATUS = {1: "married", 2: "single", 3: "other"}
_CARD_COLUMNS = ["ID", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE",
                 *(column for month in MONTHS.values() for column in month)]


def deliver(home: Path, data: Path) -> list[Path]:
    """Land the four feeds and return their folders; a second time changes nothing.

    Args:
        home: The root of everything that is written.
        data: Folder with `cards.parquet` and `outcomes.parquet`.

    Raises:
        DeliveryRefused: When a file is missing or not the data set's, or landing holds other
            deliveries of these dates.
    """
    cards = _read(data / CARDS_FILE, _CARD_COLUMNS)
    outcomes = _read(data / OUTCOMES_FILE, ["ID", OUTCOME])
    return outgoing.write_deliveries(home, [
        (feeds.BOUND_CARDS, DELIVERED, bound_cards(cards)),
        (feeds.STATEMENTS, DELIVERED, statements(cards)),
        (feeds.BUREAU_TRADELINES, DELIVERED, bureau_tradelines(cards)),
        (feeds.LOAN_PERFORMANCE, OUTCOMES_DELIVERED, loan_performance(outcomes)),
    ], CURRENCY, origin={"source": "uci"})


def bound_cards(cards: pa.Table) -> pa.Table:
    """One row a holder: limit and profile, seen at the end of September."""
    return files.feed_rows(feeds.BOUND_CARDS, pa.table({
        "user_id": _user_id(cards), "event_date": _constant(max(MONTHS), cards),
        "card_number": pc.binary_join_element_wise("UCI", _user_id(cards), "-"),
        "action": _text("bind", cards), "card_kind": _text("credit", cards),
        "bank": pa.nulls(cards.num_rows, pa.string()),
        "is_name_verified": pa.repeat(pa.scalar(True), cards.num_rows),
        "national_id": pa.nulls(cards.num_rows, pa.string()),
        "phone": pa.nulls(cards.num_rows, pa.string()),
        "card_limit_minor": _minor(cards["LIMIT_BAL"]), "age_years": cards["AGE"],
        "gender": _decoded(cards["SEX"], GENDER),
        "education": _decoded(cards["EDUCATION"], EDUCATION),
        "marital_status": _decoded(cards["MARRIAGE"], MARITAL_STATUS),
        "region": pa.nulls(cards.num_rows, pa.string())}))


def statements(cards: pa.Table) -> pa.Table:
    """Six rows a holder: what was owed and paid."""
    return pa.concat_tables(
        files.feed_rows(feeds.STATEMENTS, pa.table({
            "user_id": _user_id(cards), "event_date": _constant(month_end, cards),
            "balance_minor": _minor(cards[balance]), "payment_minor": _minor(cards[payment])}))
        for month_end, (balance, payment, _) in MONTHS.items())


def bureau_tradelines(cards: pa.Table) -> pa.Table:
    """Six rows a holder: the repayment status, whose codes are the contract's own."""
    return pa.concat_tables(
        files.feed_rows(feeds.BUREAU_TRADELINES, pa.table({
            "user_id": _user_id(cards), "event_date": _constant(month_end, cards),
            "line_id": _text("card", cards), "kind": _text("credit_card", cards),
            "repayment_status": cards[status], "balance_minor": _minor(cards[balance]),
            "limit_minor": _minor(cards["LIMIT_BAL"]),
            "instalment_minor": pa.nulls(cards.num_rows, pa.int64()),
            "opened_on": pa.nulls(cards.num_rows, pa.date32())}))
        for month_end, (balance, _, status) in MONTHS.items())


def loan_performance(outcomes: pa.Table) -> pa.Table:
    """One row a known outcome: default in October, to be foreseen on its first day."""
    return files.feed_rows(feeds.LOAN_PERFORMANCE, pa.table({
        "user_id": _user_id(outcomes), "event_date": _constant(WINDOW_END, outcomes),
        "observed_on": _constant(DELIVERED, outcomes),
        "is_default": pc.equal(outcomes[OUTCOME], 1)}))


def _read(path: Path, columns: list[str]) -> pa.Table:
    """The columns of a file as whole numbers."""
    remedy = "point --data at the folder with the UCI files cards.parquet and outcomes.parquet"
    files.check(path, columns, remedy)
    try:
        table = pq.read_table(path, columns=columns, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise DeliveryRefused(path.name, "a whole Parquet file", f"an unreadable one ({error})",
                              remedy) from None
    for column in columns:
        found = _differs(table[column], column)
        if found:
            raise DeliveryRefused(f"{path.name}.{column}",
                                  "0 or 1" if column == OUTCOME else "whole numbers", found,
                                  remedy)
    return table.select(columns).cast(pa.schema([(column, pa.int64()) for column in columns]))


def _differs(values: pa.ChunkedArray, column: str) -> str:
    """What is wrong with a column, or nothing."""
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return str(values.type)
    try:
        whole = values.cast(pa.int64())
    except pa.ArrowException as error:
        return str(error)
    if column in ("ID", OUTCOME) and whole.null_count:
        return f"{whole.null_count} empty"
    odd = whole.filter(pc.invert(pc.is_in(whole, pa.array([0, 1])))) if column == OUTCOME else []
    return f"{odd[0]}" if len(odd) else ""


def _user_id(rows: pa.Table) -> pa.ChunkedArray:
    return rows["ID"].cast(pa.string())


def _constant(day: dt.date, rows: pa.Table) -> pa.Array:
    return pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows)


def _text(value: str, rows: pa.Table) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows.num_rows)


def _minor(amounts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole TWD into 1/100."""
    return pc.multiply_checked(amounts, 100)


def _decoded(codes: pa.ChunkedArray, names: dict[int, str]) -> pa.Array:
    """Codes into names; a code without one is not known."""
    place = pc.index_in(codes, pa.array(list(names), pa.int64()))
    return pa.array(list(names.values()), pa.string()).take(place.combine_chunks())
