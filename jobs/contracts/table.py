"""The classes a contract is written in, and the schemas derived from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as T

from jobs.errors import SchemaMismatch

#: contract type -> (Spark type, Arrow type). Rates are exact decimals: 0.000195 a day is
#: 0.0702 a year, not 0.07019999.
TYPES: dict[str, tuple[T.DataType, pa.DataType]] = {
    "string": (T.StringType(), pa.string()),
    "integer": (T.LongType(), pa.int64()),
    "double": (T.DoubleType(), pa.float64()),
    "boolean": (T.BooleanType(), pa.bool_()),
    "date": (T.DateType(), pa.date32()),
    "timestamp": (T.TimestampNTZType(), pa.timestamp("us")),
    "rate": (T.DecimalType(9, 6), pa.decimal128(9, 6)),
    "strings": (T.ArrayType(T.StringType()), pa.list_(pa.string())),
}


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes:
        name: Column name; units stand in it (`_minor`, `_ratio`, `_months`, `_on`).
        type: A key of `TYPES`.
        unit: Unit or coding, for the dictionary.
        meaning: One sentence for a reader who has never seen the column.
        nullable: Whether a row may lack it; a null means "not known", never zero.
        minimum: Smallest valid value (numbers and ISO dates), or None.
        maximum: Largest valid value, or None.
        not_after: A date column of the same row that this date may not come after, or "".
        allowed: The closed list of valid values, or empty for any.
        monotone: In the PD model: +1 the PD may only rise with it, -1 only fall, 0 free.
        is_identifier: Delivered raw (a card number, a national id), kept as a token.
        reason_code: Code given to the customer when this feature speaks for or against them.
        may_be_left_out: Came to the contract of a feed later: a delivery without the whole column
            is read as one that does not know it.
    """

    name: str
    type: str
    unit: str
    meaning: str
    nullable: bool = False
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    not_after: str = ""
    allowed: tuple[str, ...] = ()
    monotone: int = 0
    reason_code: str = ""
    is_identifier: bool = False
    may_be_left_out: bool = False


@dataclass(frozen=True)
class Table:
    """One data set: its grain, key, owner, where it comes from and its columns in order.

    `partition` names the folder or table partition. For feeds: there is no night before a
    `mandatory` one has come; `max_age_days` is the greatest age at which its newest delivery is
    used (0: what `jobs/policies/feeds.py` says), of which a policy may allow less, never more; one
    that `protects` people or money stops the night where it stays away, whatever a policy says;
    `purpose` is the consent that its use rests on ("": none needed); a delivery is expected every
    `every_days`. Of a table that `may_be_empty` no gate asks for a row.
    """

    name: str
    meaning: str
    grain: str
    key: tuple[str, ...]
    owner: str
    source: str
    partition: str
    fields: tuple[Field, ...]
    mandatory: bool = True
    purpose: str = ""
    max_age_days: int = 0
    every_days: int = 1
    may_be_empty: bool = False
    protects: bool = False

    @property
    def columns(self) -> list[str]:
        """Column names in contract order."""
        return [field.name for field in self.fields]

    @property
    def identifiers(self) -> list[str]:
        """Columns delivered raw and kept as tokens."""
        return [field.name for field in self.fields if field.is_identifier]

    def field(self, name: str) -> Field:
        """The field of that name; KeyError where there is none."""
        return {field.name: field for field in self.fields}[name]

    def delivered_with(self, names: Collection[str]) -> Table:
        """This table without the columns that may be left out and are not among the names."""
        return replace(self, fields=tuple(field for field in self.fields
                                          if field.name in names or not field.may_be_left_out))

    @property
    def spark_schema(self) -> T.StructType:
        """The Spark schema, in contract order."""
        return T.StructType([T.StructField(f.name, TYPES[f.type][0], f.nullable)
                             for f in self.fields])

    @property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema, in contract order; nullability as declared."""
        return pa.schema([pa.field(f.name, TYPES[f.type][1], nullable=f.nullable)
                          for f in self.fields])

    def with_fields(self, *fields: Field, name: str | None = None) -> Table:
        """This table with further columns, optionally under another name."""
        return replace(self, name=name or self.name, fields=self.fields + fields)

    def check(self, df: DataFrame, remedy: str) -> None:
        """Refuse a frame whose columns differ from the contract, naming all differences.

        Nullability is left to the gates: an engine may call any computed column nullable.

        Raises:
            SchemaMismatch: With every missing, unexpected, mistyped or misplaced column.
        """
        expected = {f.name: TYPES[f.type][0].simpleString() for f in self.fields}
        found = {f.name: f.dataType.simpleString() for f in df.schema.fields}
        raise_differences(self.name, expected, found, remedy)


def raise_differences(where: str, expected: dict[str, str], found: dict[str, str],
                      remedy: str) -> None:
    """Raise one SchemaMismatch that lists all differences of two ordered name -> type maps."""
    wrong = [(name, kind, found.get(name, "no such column")) for name, kind in expected.items()
             if found.get(name) != kind]
    extra = [name for name in found if name not in expected]
    if not wrong and not extra and list(found) == list(expected):
        return
    if wrong:
        raise SchemaMismatch(
            f"{where}.{wrong[0][0]}" if len(wrong) == 1 else where,
            ", ".join(f"{name} {kind}" for name, kind, _ in wrong),
            ", ".join(f"{name} {kind}" for name, _, kind in wrong)
            + (f" and unexpected {', '.join(extra)}" if extra else ""), remedy)
    if extra:
        raise SchemaMismatch(where, f"the {len(expected)} columns of its contract",
                             f"unexpected {', '.join(extra)}", remedy)
    raise SchemaMismatch(where, f"column order {', '.join(expected)}", ", ".join(found), remedy)
