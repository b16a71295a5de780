"""The data dictionary: Markdown from the contracts, kept between two marks in the README."""

from __future__ import annotations

from pathlib import Path

from jobs.contracts import campaign, feeds, limits, monitoring, night, operations, release
from jobs.contracts.table import Field, Table
from jobs.errors import UsageError
from jobs.features import catalogue

BEGIN = "<!-- dictionary: made by `nightlist dictionary --write README.md` -->"
END = "<!-- end of dictionary -->"
#: Stands for the product's currency in the limit's name.
CURRENCY = "<currency>"

GROUPS: tuple[tuple[str, tuple[Table, ...]], ...] = (
    ("Published", (release.whitelist(CURRENCY), release.DECISIONS, release.WATERFALL,
                   release.RELEASES)),
    ("Published beside it", tuple(release.LEDGERS.values())),
    ("Published as proof", tuple(release.PROOF.values())),
    ("Computed", (night.LABELS, night.FEATURE_MATRIX, night.SCORES, limits.RULE_FACTS,
                  campaign.BARRIERS, campaign.OWN_INVITATIONS,
                  night.ELIGIBILITY, monitoring.MONITORING, monitoring.HISTOGRAMS)),
    ("Recorded", (operations.STEP_RUNS,)),
)


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    parts = []
    for title, tables in GROUPS:
        parts.append(f"### {title}\n")
        parts.extend(table_markdown(table) for table in tables)
    parts.append(_feeds())
    return "\n".join(parts)


def _feeds() -> str:
    """The feeds in a table, with a page each."""
    rows = [f"| [{feed.name}](jobs/contracts/feeds/docs/{feed.name}.md) | {feed.meaning} | "
            f"{feed.owner} | every {feed.every_days} d | {'yes' if feed.mandatory else 'no'} |\n"
            for feed in feeds.FEEDS.values()]
    return ("### Delivered\n\n| feed | what it tells | owner | expected | a night needs it |\n"
            "|---|---|---|---|---|\n" + "".join(rows))


def table_markdown(table: Table) -> str:
    """What a table is, and its columns."""
    head = (f"**`{table.name}`**: {table.meaning} Grain: {table.grain}. Key: "
            f"{', '.join(f'`{column}`' for column in table.key)}. Owner: {table.owner}. "
            f"Source: {table.source}.{_age(table)}\n\n"
            "| column | type | unit | meaning |\n|---|---|---|---|\n")
    named = {entry.field.name for entry in catalogue.ENTRIES}
    paged = named if named <= set(table.columns) else set()
    return head + "".join(_row(field) for field in table.fields if field.name not in paged) + (
        f"\n{len(paged)} features: [jobs/features/features.md](jobs/features/features.md).\n"
        if paged else "")


def features_page() -> str:
    """Every feature with its unit, window, source and the consent that it needs."""
    rows = [f"| {entry.field.name} | {entry.field.type} | {entry.field.unit} | {entry.window} | "
            f"{', '.join(feed.name for feed in entry.feeds)} | {', '.join(entry.purposes)} | "
            f"{_said(entry.field)} |" for entry in catalogue.ENTRIES]
    return "\n".join([
        "# Features", "", f"The {len(rows)} features of `feature_matrix`; this page is made by "
        "`nightlist dictionary --pages` from the modules in this folder.", "",
        "Windows count the as-of date as their first day. Missing: the source tells nothing of the "
        "person (in 365 days, where the window is of days), or the person does not agree to the "
        "purpose; 0: it does tell of them, but nothing happened in the window.", "",
        "| feature | type | unit | window | source | consent | meaning |",
        "|---|---|---|---|---|---|---|", *rows, ""])


def _age(table: Table) -> str:
    return f" Newest delivery at most {table.max_age_days} days old." if table.max_age_days else ""


def _row(field: Field) -> str:
    name = field.name.replace("<", "&lt;").replace(">", "&gt;")
    unit = field.unit.replace("<", "&lt;").replace(">", "&gt;")
    missing = " May be missing." if field.nullable else ""
    return f"| {name} | {field.type} | {unit} | {_said(field)}{missing} |\n"


def _said(field: Field) -> str:
    notes = [field.meaning]
    if field.allowed:
        notes.append("One of " + ", ".join(f"`{value}`" for value in field.allowed) + ".")
    if field.monotone:
        notes.append("PD may only " + ("rise" if field.monotone > 0 else "fall") + " with it.")
    if field.reason_code:
        notes.append(f"Reason `{field.reason_code}`.")
    return " ".join(notes)


def renewed(text: str, where: str) -> str:
    """The text with the dictionary between its marks renewed.

    Raises:
        UsageError: When the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(where, f"the marks {BEGIN} and {END}", "a text without them",
                         "add the two lines where the dictionary should stand")
    return f"{before}{BEGIN}\n\n{dictionary()}\n{END}{after}"


def renew(path: Path) -> None:
    """Write the current dictionary into a Markdown file."""
    path.write_text(renewed(path.read_text(encoding="utf-8"), path.name), encoding="utf-8")
