"""Pages of what Great Expectations found, one a gate and table, drawn by the library itself.

Sources: `validations/<gate>-<table>.json` of the run's folder. Grain: one page a gate and table.
Output: `<home>/reports/<as_of>/data_docs/*.html` with an index, without scripts or requests.

The library's pages load Bootstrap, jQuery and fonts from outside, and it writes values into them
unescaped. So values are escaped before it sees them, only the body of its page is taken, without
scripts and links, and our own style stands in for what it would have loaded.
"""

from __future__ import annotations

import html
import os
import re
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from jobs import lake, store
from jobs.config import Run
from jobs.report.templates import environment
from jobs.report.templates import folder as reports

# Before the import: the library would otherwise report its use to its makers.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

from great_expectations.core import (  # noqa: E402
    ExpectationSuiteValidationResult, ExpectationValidationResult)
from great_expectations.expectations.expectation_configuration import (  # noqa: E402
    ExpectationConfiguration)
from great_expectations.render.renderer import ValidationResultsPageRenderer  # noqa: E402
from great_expectations.render.view import DefaultJinjaPageView  # noqa: E402

from expectations.validations import VALIDATIONS  # noqa: E402

#: Folder beside the page of the night.
DATA_DOCS = "data_docs"
#: Taken out of the library's page, in this order.
_UNWANTED = (r"<script.*?</script>", r"<style.*?</style>", r"<(?:link|img)\b[^>]*>",
             r"<footer>.*?</footer>", r"<nav\b.*?</nav>", r"<input\b[^>]*>",
             r'\s(?:style|onclick|data-[a-z-]+)="[^"]*"', r"</?a\b[^>]*>",
             r'\sid="?[^\s">]*"?')  # some are random: the same results give the same page
_BODY = re.compile(r'<div class="col-md-10 col-lg-10 col-xs-12[^"]*">(.*)</body>', re.DOTALL)


def write(run: Run) -> list[dict[str, Any]]:
    """Write the pages of a run; of each its gate, table, counts and file, in the gates' order."""
    folder = reports(run) / DATA_DOCS
    with lake.staging(folder) as (staged,):
        staged.mkdir()
        listed = _pages(run, staged)
        lake.remove(folder)
        lake.arrive(staged, folder)
    return listed


def _pages(run: Run, staged: Path) -> list[dict[str, Any]]:
    pages = environment()
    listed = []
    for path in sorted((run.folder / VALIDATIONS).glob("*.json")):
        gate, _, table = path.stem.partition("-")
        found = store.read_json(path)
        file = f"{path.stem}.html"
        facts = {"as_of": run.as_of.isoformat(), "gate": gate, "table": table, "file": file,
                 **counts(found)}
        page = pages.get_template("data_docs.html.j2").render(
            facts, body=Markup(rendered(found)))
        (staged / file).write_text(page, encoding="utf-8")
        listed.append(facts)
    _write_index(staged, pages, run, listed)
    return listed


def counts(found: dict[str, Any]) -> dict[str, int]:
    """Expectations of an outcome, and how many were met."""
    results = found["results"]
    return {"expectations": len(results), "met": sum(bool(one["success"]) for one in results)}


def rendered(found: dict[str, Any]) -> str:
    """The sections of the library's page about an outcome, as HTML for a page of ours.

    Args:
        found: What `expectations.validations.keep` wrote.
    """
    results = [ExpectationValidationResult(
        success=one["success"], result=escaped(one["result"]), meta={},
        exception_info=one["exception_info"],  # the library escapes these itself
        expectation_config=ExpectationConfiguration(**{
            key: one["expectation_config"][key] for key in ("type", "kwargs", "severity")}))
        for one in found["results"]]
    outcome = ExpectationSuiteValidationResult(
        success=found["success"], results=results, suite_name=found["suite_name"],
        statistics=found["statistics"], suite_parameters={},
        meta={**found["meta"], "batch_spec": {"data_asset_name": found["suite_name"]}})
    document = ValidationResultsPageRenderer().render(outcome)
    for section in document.sections:  # what is folded away tells of clocks and batches
        section.content_blocks = [block for block in section.content_blocks
                                  if block.content_block_type != "collapse"]
    page = DefaultJinjaPageView().render(document)
    for unwanted in _UNWANTED:
        page = re.sub(unwanted, "", page, flags=re.DOTALL)
    body = _BODY.search(page)
    # Its own columns and frame closed after the sections: three boxes that were opened outside.
    return re.sub(r"(?:</div>\s*){3}$", "", body.group(1).rstrip()) if body else page


def escaped(value: Any) -> Any:
    """The value with every text in it escaped for HTML."""
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, dict):
        return {escaped(key): escaped(one) for key, one in value.items()}
    return [escaped(one) for one in value] if isinstance(value, list) else value


def _write_index(folder: Path, pages: jinja2.Environment, run: Run,
                 listed: list[dict[str, Any]]) -> None:
    page = pages.get_template("data_docs_index.html.j2").render(
        as_of=run.as_of.isoformat(), run_id=run.run_id, pages=listed)
    (folder / "index.html").write_text(page, encoding="utf-8")
