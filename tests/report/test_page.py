"""The page of the night says what the tables say, stands alone and trusts no text."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shutil
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from jobs import store
from jobs.config import Run
from jobs.contracts.release import DECISIONS, WATERFALL, whitelist
from jobs.errors import NightlistError
from jobs.release import release
from jobs.release.rollback import rollback
from jobs.report import charts, page
from tests.campaign.rows import CAMPAIGN
from tests.limits import proofs
from tests.release.nights import write_ledgers

JUNE = dt.date(2026, 6, 30)
VOID = {"meta", "br", "wbr", "hr", "img", "input", "link", "path", "rect", "use"}


def night(home: Path, as_of: dt.date = JUNE, invited: int = 3, **names: str) -> Run:
    """A run where 1,200 people are known, 1,000 considered and a few invited, 21,000 CNY each."""
    run = Run(home=home, as_of=as_of, run_id="aaa")
    same = {"as_of_date": as_of, "release_id": run.release_id, "segment": "thick_file"}
    rule = names.get("rule", "pd_appetite")
    listed = [{**same, **CAMPAIGN, "user_id": f"u{who:04}", "offer_id": f"o{who}",
               "limit_cny": 21_000,
               "rate_daily": Decimal("0.000350"), "rate_annual": Decimal("0.126000"),
               "valid_from": as_of, "valid_to": as_of, "score_tier": names.get("tier", "C"),
               "method": "optimiser",
               "reason_codes": []} for who in range(invited)]
    decided = [{**same, "user_id": f"u{who:04}", "pd": 0.01 if who < invited else 0.05,
                "score_points": 690 if who < invited else 570, "model_version": "m1",
                "is_invited": who < invited, "first_failing_rule": None if who < invited else rule,
                "failing_rules": [] if who < invited else [rule]} for who in range(1_000)]
    steps = [{"release_id": run.release_id, "step_number": number, "step": step,
              "reason_code": code, "removed": removed, "remaining": left}
             for number, (step, code, removed, left) in enumerate([
                 ("known", "", 0, 1_200), ("has_loan_with_us", "BORROWER", 200, 1_000),
                 (rule, "PD_HIGH", 1_000 - invited, invited), ("invited", "", 0, invited)])]
    hashes = {}
    for table, rows in ((whitelist("CNY"), listed), (DECISIONS, decided), (WATERFALL, steps)):
        hashes[table.name] = store.write_sorted(
            pa.Table.from_pylist(rows, schema=table.arrow_schema), table, run.folder / table.name)
    proved = proofs.proved(proofs.problem(10**9), proofs.candidates(
        *({"user_id": f"u{who:04}"} for who in range(max(1, invited)))), np.zeros(4))
    hashes |= proofs.write(run, proved) | write_ledgers(run)
    delivery = {"feed": names.get("feed", "bound_cards"), "delivery_date": as_of.isoformat(),
                "received": 4_321, "accepted": 4_300, "quarantined": 17, "duplicates": 4}
    store.write_json({"run_id": "aaa", "tables": hashes, "audit": hashes, "inputs": {
        "as_of": as_of, "seed": 7, "code_version": "c0de", "deliveries": [
            delivery], "policy": {"name": names.get("policy", "own_loan"), "version": "2026.1",
                                  "sha256": "0", "currency": "CNY"}}}, run.folder / "run.json")
    return run


def audited(run: Run) -> None:
    """The model, gates and times of the run beside its tables."""
    written = store.read_json(run.folder / "run.json")
    store.write_json({**written, "models": {"pd": {"name": "pd", "version": "m1", "sha256": "0"}}},
                     run.folder / "run.json")
    store.write_json({"metrics": {"auc": 0.78124, "auc_low": 0.7743, "auc_high": 0.7881,
                                  "ece": 0.0061}}, run.home / "models/pd/m1/metadata.json")
    store.write_json([
        {"gate": "scores", "expectation": "not_null", "column": "pd", "severity": "critical",
         "success": True, "detail": ""},
        {"gate": "scores", "expectation": "mean_between", "column": "pd", "severity": "warning",
         "success": False, "detail": "0.31"}], run.folder / "gates.json")
    store.write_json([{"step": "train", "started_at": "2026-06-30T23:00:00.000", "outcome": "done",
                       "seconds": 4.25, "peak_mib": 1_234, "rows": 10, "bytes": 2_500_000,
                       "counts": {}}],
                     run.folder / "steps.json")


class Reader(HTMLParser):
    """Collects text, checks that every element is closed, and keeps what could be fetched."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs
                         if name in ("src", "href", "xlink:href", "action", "srcset", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).replace("\N{NO-BREAK SPACE}", " ").split())


def read(run: Run) -> tuple[str, Reader]:
    html = Path(page.main(run)["page"]).read_text(encoding="utf-8")
    return html, Reader(html)


def test_the_page_says_what_the_tables_say(tmp_path: Path) -> None:
    run = night(tmp_path)
    audited(run)
    release.main(run)
    words = read(run)[1].words
    for said in ("3 invited for 2026-06-30", "Release 2026-06-30-aaa , published as move 1",
                 "0.3 % of 1,000 considered", "Committed, CNY 63,000", "Mean limit, CNY 21,000",
                 "Expected to default 1.00 % of the invited; 4.99 % of",
                 "Release ok Published as move 1", "Gates warning 1 of 2 expectations are met; 1 w",
                 "Proof unjudged Not recomputed yet", "Guardrails unjudged None are on record",
                 "pd appetite PD_HIGH −997 3 0.2 %", "has loan with us", "−200 1,000 83.3 %",
                 "C 0.0350 % 3 21,000 63,000", "21,000 CNY", "12.60 % a year",
                 "AUC 0.7812 95 % interval 0.7743 to 0.7881", "Calibration 0.61 %",
                 "bound_ cards on time 2026-06-30 1 d 0.39 % 1 4,321 4,300 17 4",
                 "scores 1 of 2 1 0", "mean_between: 0.31",
                 "own_loan 2026.1", "Code c0de", "train 4.25 1,234",
                 "Money, limits and what they cost", "3 people were decided about together",
                 "nightlist verify --release 2026-06-30-aaa", "A larger limit would earn less. 3 3",
                 "Funding: more would earn nothing.", "optimiser 3 CNY"):
        assert said in words, said


def test_a_night_stands_beside_the_release_of_the_night_before(tmp_path: Path) -> None:
    before = night(tmp_path, JUNE - dt.timedelta(days=1), invited=5)
    release.main(before)
    page.main(before)
    run = night(tmp_path)
    release.main(run)
    words = read(run)[1].words
    assert "Differences are against release 2026-06-29-aaa" in words
    for said in ("−2 against 5", "−42 k against 105,000", "as before of the invited",
                 "as before of the invited; 4.99 %", "Night of 2026-06-29"):
        assert said in words, said
    assert 'href="../2026-06-30/index.html"' in read(before)[0]


def test_a_night_before_whose_run_is_gone_is_known_by_the_pointer(tmp_path: Path) -> None:
    before = night(tmp_path, JUNE - dt.timedelta(days=1), invited=5)
    release.main(before)
    shutil.rmtree(before.folder)
    words = read(night(tmp_path))[1].words
    assert "−2 against 5" in words
    assert "Expected to default 1.00 % of the invited" in words, "no difference is made up"


def test_a_page_without_release_model_or_gates_says_so(tmp_path: Path) -> None:
    words = read(night(tmp_path))[1].words
    for said in ("not published : readers do not see it", "names no model", "No gate is recorded",
                 "No step is recorded", "see it. It is the first night in this warehouse"):
        assert said in words, said


def test_a_release_that_was_withdrawn_says_so_on_its_page(tmp_path: Path) -> None:
    before = night(tmp_path, JUNE - dt.timedelta(days=1), invited=5)
    release.main(before)
    run = night(tmp_path)
    release.main(run)
    rollback(tmp_path, before.release_id, "wrong rates", by="ann")
    words = read(run)[1].words
    assert "withdrawn since: readers do not see it" in words
    assert "Release stop Withdrawn by ann on" in words and "(wrong rates)" in words


def test_the_page_is_well_formed_and_fetches_nothing(tmp_path: Path) -> None:
    run = night(tmp_path)
    audited(run)
    html, reader = read(run)
    assert reader.open == []
    assert reader.tags.count("svg") == 8 and "script" not in reader.tags
    assert {target for target in reader.fetched if not target.startswith("#")} <= {
        "data_docs/index.html"}
    assert "default-src 'none'" in html, "a browser would refuse what slipped through"
    assert re.findall(r'(?<!xmlns=")(?<!xmlns:xlink=")https?://', html) == []
    assert "@import" not in html and re.findall(r"url\((?!#)", html) == []


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    evil = "<script>alert('x_y')</script>"
    run = night(tmp_path, rule=evil, feed=evil, policy=evil, tier=evil)
    store.write_json([{"gate": evil, "table": evil, "expectation": evil, "column": evil,
                       "severity": evil, "success": False, "detail": evil}],
                     run.folder / "gates.json")
    html, reader = read(run)
    assert "<script" not in html and "script" not in reader.tags
    assert reader.words.count("alert(") >= 9


def test_charts_follow_the_page_and_repeat_to_the_byte() -> None:
    rows = [("known", "1,200", 1_200, 0), ("a $b$ & <c>", "−200", 1_000, 200)]
    drawn = charts.bars(rows, "people \"left\"")
    assert drawn == charts.bars(rows, "people \"left\"")
    assert 'aria-label="people &quot;left&quot;"' in drawn and "a $b$ &amp; &lt;c&gt;" in drawn
    assert set(re.findall(r"(?:fill|stroke): ([^;\"]+)", drawn)) == {
        "none", "currentColor", "var(--quiet)", "var(--accent)", "var(--soft)"}
    scores = charts.distribution([570, 600, 690], [690], "scores")
    assert scores == charts.distribution([570, 600, 690], [690], "scores")
    assert re.findall(r": #0\d0\d0\d", scores) == []


@pytest.mark.parametrize("points", [[], [600], [-40, 1_600], list(range(480, 860, 7))])
def test_score_classes_hold_everyone(points: list[int]) -> None:
    edges = charts.score_edges(points)
    assert len(edges) <= 31
    assert int(np.histogram(points, edges)[0].sum()) == len(points)


def test_a_page_needs_a_frozen_run(tmp_path: Path) -> None:
    run = dataclasses.replace(night(tmp_path), run_id="bbb")
    with pytest.raises(NightlistError, match="run.json, found no such file; run the step first"):
        page.main(run)
    assert not (tmp_path / "reports").exists()
