"""Raw identifiers, plausible in form and unique a person: landing has them raw, as feeds do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.simulate.columns import Bytes, Integers, ascii_rows, digit_rows, fixed_text, numbered

#: Provinces' codes, and the weights of the check character (GB 11643-1999).
_PROVINCES = np.array([11, 31, 33, 44, 51, 32, 37, 42])
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECK: Bytes = np.frombuffer(b"10X98765432", np.uint8)
_ZERO = ord("0")


def credit_cards(number: Integers) -> pa.Array:
    """The bound credit card of each person."""
    return numbered("6222", number, 12)


def debit_cards(number: Integers, ordinal: int) -> pa.Array:
    """A debit card bound on a day (its ordinal)."""
    return fixed_text(np.hstack([ascii_rows("6217", len(number)),
                                 digit_rows(np.full(len(number), ordinal % 1000), 3),
                                 digit_rows(number, 9)]))


def accounts(number: Integers) -> pa.Array:
    """The bank account of each person."""
    return numbered("6228", number, 15)


def phones(number: Integers) -> pa.Array:
    """Mobile numbers."""
    return numbered("138", number, 8)


def devices(number: Integers) -> pa.Array:
    """The device of each person."""
    return numbered("device-", number, 9)


def national_ids(number: Integers, age_years: Integers, year: int) -> pa.Array:
    """18 characters: place, birth date, sequence, check character.

    Args:
        number: Place in the city; place and sequence follow from it, so no two are alike.
        age_years: Age in that year.
        year: In which the city begins.
    """
    province = _PROVINCES[number // 10_000_000 % len(_PROVINCES)]
    birth = ((year - age_years) * 10_000 + (1 + number % 12) * 100 + 1 + number % 28)
    digits = np.hstack([digit_rows(province, 2), digit_rows(number // 1000 % 10_000, 4),
                        digit_rows(birth, 8), digit_rows(number % 1000, 3)])
    check = (digits.astype(np.int64) - _ZERO) @ _WEIGHTS % 11
    return fixed_text(np.hstack([digits, _CHECK[check][:, None]]))
