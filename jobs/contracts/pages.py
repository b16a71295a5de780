"""A page a feed for the people who deliver it, and one of all window features: from contracts.

`nightlist dictionary --pages` renews `jobs/contracts/feeds/docs/<feed>.md` and
`jobs/features/features.md`; a test fails where one is stale.
"""

from __future__ import annotations

import json
from pathlib import Path

from jobs.contracts.dictionary import features_page, table_markdown
from jobs.contracts.feeds import FEEDS
from jobs.contracts.table import Field, Table

FOLDER = Path(__file__).parent / "feeds" / "docs"
FEATURES_PAGE = Path(__file__).parents[1] / "features" / "features.md"
_EXAMPLES = {"string": "a1", "integer": "100", "double": "0.5", "boolean": "true",
             "date": "2026-05-31", "timestamp": "2026-05-31 21:04:59", "rate": "0.000350"}


def page(feed: Table) -> str:
    """The page of a feed."""
    example = [_example(field) for field in feed.fields]
    manifest = {
        "feed": feed.name, "delivery_date": "2026-06-01", "schema_version": 1, "format": "csv",
        "encoding": "utf-8", "sequence": 1, "replaces": [], "currency": "CNY", "rows": 1,
        "files": [{"name": "part-1.csv.gz", "rows": 1, "sha256": "64 hex digits"}],
        "control_totals": {field.name: int(value) for field, value in
                           zip(feed.fields, example, strict=True) if field.type == "integer"}}
    said = json.dumps(manifest, indent=2)
    columns, cells = ",".join(feed.columns), ",".join(example)
    return "\n".join([
        f"# {feed.name}", "", table_markdown(feed), "## Terms", "", *_terms(feed), "",
        "## A delivery", "",
        f"`landing/{feed.name}/2026-06-01/` holds `_manifest.json` and the files it lists: Parquet,"
        " CSV or JSON lines, plain or gzip, UTF-8 or GB18030.", "",
        "```json", said, "```", "", "As CSV (an empty cell is a missing value):", "",
        "```", columns, cells, "```", "",
        "## What sends a row to quarantine", "", *_rules(feed), "",
        f"See them with `nightlist quarantine --feed {feed.name}`. Repaired rows come in a new "
        "delivery of just those rows; a delivery that was wrong as a whole is corrected by "
        "`sequence` (the same day) or `replaces` (later). Nothing that was taken in changes.", "",
        "## Expectations", "", *_expectations(feed), ""])


def write() -> int:
    """Write the pages of all feeds and of the features; returns how many there are."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, feed in FEEDS.items():
        (FOLDER / f"{name}.md").write_text(page(feed), encoding="utf-8")
    FEATURES_PAGE.write_text(features_page(), encoding="utf-8")
    return len(FEEDS) + 1


def _terms(feed: Table) -> list[str]:
    lines = [f"- Expected every {feed.every_days} day{'s' if feed.every_days > 1 else ''}; "
             + ("a night without it stops, unless the product's policy says otherwise."
                if feed.mandatory else "a night goes on without it.")]
    if feed.max_age_days:
        lines.append(f"- A night stops when its newest delivery is over {feed.max_age_days} days "
                     "old.")
    if feed.purpose:
        lines.append(f"- Used on the ground of: `{feed.purpose}`.")
    if later := [f"`{field.name}`" for field in feed.fields if field.may_be_left_out]:
        lines.append(f"- Came to the contract later: {', '.join(later)}; a delivery without the "
                     "column is accepted, and nothing is known of it.")
    if feed.identifiers:
        lines.append("- Raw identifiers, kept as tokens only: "
                     + ", ".join(f"`{name}`" for name in feed.identifiers) + ".")
    return lines


def _example(field: Field) -> str:
    if field.nullable and not field.allowed:
        return "0" if field.type == "integer" else ""
    if field.type == "integer" and isinstance(field.maximum, int):
        return str(min(100, field.maximum))
    return field.allowed[0] if field.allowed else _EXAMPLES[field.type]


def _rules(feed: Table) -> list[str]:
    lines = ["| reason | when |", "|---|---|"]
    for field in feed.fields:
        for rule, when in _field_rules(field):
            lines.append(f"| `{field.name}:{rule}` | {when} |")
    lines.append(f"| `{'+'.join(feed.key)}:conflict` | rows of one key that differ: all of them |")
    lines.append("| `line:…` | a line of a text file that is no row |")
    return lines


def _field_rules(field: Field) -> list[tuple[str, str]]:
    rules = [] if field.nullable else [("missing", "no value, or only spaces")]
    if field.type == "string" and not field.allowed:
        rules.append(("unreadable", "control characters, or bytes of another encoding"))
    elif field.type != "string":
        rules.append(("type", f"a text cell that is no {field.type}"))
    if field.minimum is not None:
        rules.append(("below_minimum", f"below {field.minimum}"))
    if field.type in ("date", "timestamp"):
        rules.append(("above_maximum", "after the day of its delivery"))
    elif field.maximum is not None:
        rules.append(("above_maximum", f"above {field.maximum}"))
    if field.allowed:
        rules.append(("not_allowed", "another value than those listed"))
    if field.not_after:
        rules.append((f"after_{field.not_after}", f"after `{field.not_after}`"))
    return rules


def _expectations(feed: Table) -> list[str]:
    needed = [f"`{field.name}`" for field in feed.fields if not field.nullable]
    return [
        "Checked by Great Expectations on the clean table before a night goes on:", "",
        f"- the columns above in their order, at least one row, key {', '.join(feed.key)} unique "
        "within a delivery;",
        f"- never missing: {', '.join(needed)}; bounds and closed lists as above;",
        "- rows of the newest delivery in quarantine: a warning from 0.5 %, no night from 5 %."]
