"""Expectation suites: the baseline of a table from its contract, business rules by hand.

Severity `critical` stops the night, `warning` is recorded in the report.
"""

from __future__ import annotations

from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
from great_expectations.expectations.row_conditions import Column

from jobs.contracts.table import Field, Table
from jobs.limits.assignment import HONOURED
from jobs.policies.law import Law

CRITICAL, WARNING = "critical", "warning"
#: Types whose bounds an expectation can compare.
COMPARABLE = ("integer", "double", "date", "rate")


def baseline(table: Table) -> list[Any]:
    """What the contract itself promises: columns, key, nulls, bounds, closed lists, and rows."""
    promised: list[Any] = [
        gxe.ExpectTableColumnsToMatchOrderedList(column_list=table.columns, severity=CRITICAL)]
    if not table.may_be_empty:
        promised.append(gxe.ExpectTableRowCountToBeBetween(min_value=1, severity=CRITICAL))
    if len(table.key) == 1:
        promised.append(gxe.ExpectColumnValuesToBeUnique(column=table.key[0], severity=CRITICAL))
    elif table.key:
        promised.append(gxe.ExpectCompoundColumnsToBeUnique(column_list=list(table.key),
                                                            severity=CRITICAL))
    for field in table.fields:
        promised.extend(_of_field(field))
    return promised


def _of_field(field: Field) -> list[Any]:
    promised: list[Any] = []
    if not field.nullable:
        promised.append(gxe.ExpectColumnValuesToNotBeNull(column=field.name, severity=CRITICAL))
    if field.type in COMPARABLE and (field.minimum is not None or field.maximum is not None):
        promised.append(gxe.ExpectColumnValuesToBeBetween(
            column=field.name, min_value=field.minimum, max_value=field.maximum,
            severity=CRITICAL))
    if field.allowed:
        promised.append(gxe.ExpectColumnValuesToBeInSet(
            column=field.name, value_set=list(field.allowed), severity=CRITICAL))
    return promised


def feed(name: str) -> list[Any]:
    """Business rules of a feed's clean rows: what a lender would find odd, row by row sound.

    Warnings: they stand in the report and a person looks; no real set may be refused by taste.
    """
    def mostly(column: str, share: float, low: int, high: int | None) -> Any:
        return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high,
                                                 mostly=share, severity=WARNING)

    def both(column: str, *values: str) -> Any:
        return gxe.ExpectColumnDistinctValuesToContainSet(column=column, value_set=list(values),
                                                          severity=WARNING)

    rules: dict[str, list[Any]] = {
        "bound_cards": [mostly("age_years", 0.99, 16, 90)],
        "statements": [mostly("balance_minor", 0.95, 0, None)],
        "bureau_tradelines": [mostly("repayment_status", 0.8, -2, 0)],
        "logins": [mostly("online_seconds", 0.99, 0, 4 * 3600)],
        "payments": [both("direction", "in", "out"), mostly("amount_minor", 0.99, 1, None)],
        "account_flows": [mostly("amount_minor", 0.999, -10**9, 10**9)],
        "shopping": [mostly("amount_minor", 0.99, 1, None)],
        "rides": [mostly("distance_m", 0.99, 100, 200_000)],
        "third_party_scores": [gxe.ExpectColumnStdevToBeBetween(
            column="score", min_value=1, severity=WARNING)],
        "loan_days": [mostly("overdue_days", 0.9, 0, 0)],
        "funding_lines": [mostly("available_minor", 1.0, 1, None)],
    }
    return rules.get(name, [])


def features() -> list[Any]:
    """Business rules of the feature matrix: most of it should be known."""
    return [gxe.ExpectColumnValuesToNotBeNull(column=name, mostly=0.9, severity=WARNING)
            for name in ("card_limit_minor", "utilization_1_ratio", "payment_sum_6_minor")]


def scores() -> list[Any]:
    """Business rules of the scores: a model that says the same of everyone is broken."""
    return [
        gxe.ExpectColumnStdevToBeBetween(column="pd", min_value=1e-6, severity=CRITICAL),
        gxe.ExpectColumnMeanToBeBetween(column="pd", min_value=0.001, max_value=0.4,
                                        severity=WARNING)]


def whitelist(limit_column: str, low: int, high: int, law: Law) -> list[Any]:
    """Business rules before release.

    Args:
        limit_column: Name of the limit with its currency.
        low: Lowest limit the policy can give, whole currency units.
        high: Highest limit.
        law: Of the night's date: its ceilings hold whatever the policy says.
    """
    rules = [
        # A promise may be older than the policy's bounds.
        gxe.ExpectColumnValuesToBeBetween(
            column=limit_column, min_value=low, max_value=high, severity=CRITICAL,
            row_condition=Column("method") != HONOURED),
        gxe.ExpectColumnValuesToBeUnique(column="offer_id", severity=CRITICAL),
        *(gxe.ExpectColumnValuesToBeBetween(
            column=column, min_value=0, max_value=float(law.highest_rate_annual), strict_min=True,
            severity=CRITICAL) for column in ("rate_annual", "all_in_cost_annual"))]
    if law.highest_limit is not None:
        rules.append(gxe.ExpectColumnValuesToBeBetween(
            column=limit_column, max_value=law.highest_limit, severity=CRITICAL))
    return rules


def suite(table: Table, business: list[Any]) -> gx.ExpectationSuite:
    """The whole suite of a table."""
    return gx.ExpectationSuite(name=table.name, expectations=[*baseline(table), *business])
