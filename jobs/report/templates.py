"""How the pages of a night are made from templates and written."""

from __future__ import annotations

from pathlib import Path

import jinja2

from jobs import lake
from jobs.config import Run
from jobs.report.words import number, percent, words


def environment(*folders: Path) -> jinja2.Environment:
    """Where templates are found and how they show things; every text is escaped.

    Args:
        folders: Looked through before that of the night's page.
    """
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, Path(__file__).parent]), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.filters.update(number=number, percent=percent, words=words)
    return found


def folder(run: Run) -> Path:
    """Where the pages of a run lie: `reports/<as_of>`.

    Those of a backfill lie beside its tables, unless its release stands for the date: what was
    published keeps its page.
    """
    if run.backfill is not None:
        from jobs.release import warehouse

        stands = warehouse.state(run.home).of_nights.get(run.as_of)
        if stands is None or stands.release_id != run.release_id:
            return run.folder / "reports"
    return run.home / "reports" / run.as_of.isoformat()


def written(run: Run, name: str, html: str) -> Path:
    """Write a page of the run's night in one rename and return where it lies."""
    path = folder(run) / name
    lake.put(html.encode(), path)
    return path
