"""The pages of a real night in a browser: nothing is cut off, at any width, in light and dark."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from jobs.__main__ import main
from tests.report import layout

pytestmark = pytest.mark.browser

FIRST = dt.date(2026, 6, 29)
USERS = 5_000
WIDTHS = (360, 768, 1280)
#: Of an A4 sheet between the page's margins, CSS pixels.
PAPER = 688
PAGES = ("index.html", "monitoring.html", "data_docs/index.html",
         "data_docs/release-whitelist.html", "data_docs/intake-bound_cards.html")


@pytest.fixture(scope="module")
def chromium():
    with layout.browser() as found:
        yield found


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The pages of a second night: there is one before it to be held against."""
    layout.executable()
    home = tmp_path_factory.mktemp("browser")
    second = FIRST + dt.timedelta(days=1)
    for words in (["night", "--as-of", FIRST.isoformat(), "--feeds", "simulated", "--users",
                   str(USERS)], ["simulate", "--days", "1"],
                  ["night", "--as-of", second.isoformat(), "--feeds", "landing"]):
        assert main([*words, "--home", str(home)]) == 0
    return home / "reports" / second.isoformat()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_or_hard_to_read(chromium, reports, tmp_path, name, width, scheme):
    with layout.opened(chromium, reports / name, width, scheme) as seen:
        assert seen.problems() == []
        shown = name.replace("/", "-").removesuffix(".html")
        layout.picture(seen, tmp_path, f"{shown}-{width}-{scheme}")
        layout.unfold(seen.page)
        assert seen.problems() == []
        assert seen.asked == [(reports / name).as_uri()], "a page asks for nothing but itself"
        assert seen.errors == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_whole(chromium, reports, tmp_path, name):
    with layout.opened(chromium, reports / name, PAPER, "dark") as seen:
        seen.page.emulate_media(media="print")
        assert seen.problems() == []
        folded = seen.page.evaluate(
            "[...document.querySelectorAll('details:not(.screen) td')].filter((one) => "
            "!one.checkVisibility()).length")
        assert folded == 0, "what is folded away on the screen stands on paper"
        headline = seen.page.evaluate("document.querySelector('h1').innerText")
        file = tmp_path / "page.pdf"
        seen.page.pdf(path=str(file), format="A4", outline=True, tagged=True)
    printed = file.read_bytes()
    assert 0 < len(re.findall(rb"/Type\s*/Page\b", printed)) < 40
    assert headline.encode() in printed or headline.encode("utf-16-be") in printed


@pytest.mark.parametrize("name", ["index.html", "monitoring.html"])
def test_every_chart_says_what_it_shows(chromium, reports, name):
    with layout.opened(chromium, reports / name, 768, "light") as seen:
        told = seen.page.evaluate("[...document.querySelectorAll('svg')].map((one) => "
                                  "[one.getAttribute('role'), one.getAttribute('aria-label')])")
    assert len(told) >= 4 and all(role == "img" and len(label) > 10 for role, label in told)


def test_every_link_leads_to_a_page_or_a_section(chromium, reports):
    with layout.opened(chromium, reports / "index.html", 768, "light") as seen:
        links = seen.page.evaluate("[...document.links].map((one) => one.getAttribute('href'))")
        for link in links:
            if link.startswith("#"):
                assert seen.page.evaluate("(id) => !!document.getElementById(id)", link[1:]), link
            else:
                assert (reports / link).resolve().is_file(), link
    for wanted in ("monitoring.html", "data_docs/index.html", f"../{FIRST}/index.html"):
        assert wanted in links


@pytest.mark.parametrize(("body", "said"), [
    ("<div style='width:500px'>far too wide a line of text, and then some more of it for the "
     "phone</div>", "page: "),
    ("<div style='overflow:hidden;white-space:nowrap;width:90px'>cut where the box ends</div>",
     "cut off"),
    ("<div style='overflow:hidden;height:12px'>one<br>two<br>three lines</div>", "cut off"),
    ("<div style='width:40px'>unbreakablyLongWordOfText</div>", "out of its div"),
    ("<p style='color:#999'>pale</p>", "contrast 2.85"),
    ("<div style='background:#1f6f6b'><span>dark on dark</span></div>", "contrast"),
    ("<svg viewBox='0 0 100 20' width='300'><text x='80' y='15'>leaves the drawing</text></svg>",
     "out of its svg"),
    ("<svg viewBox='0 0 300 20' width='300'><text x='0' y='15'>one text</text>"
     "<text x='30' y='15'>another</text></svg>", "runs into another text"),
    ("<svg viewBox='0 0 300 20' width='300'><path d='M0 0H300V20H0z' fill='#111'/>"
     "<text x='9' y='15'>on a dark bar</text></svg>", "contrast"),
    ("<table><tr>" + "<td>column</td>" * 30 + "</tr></table>", "table beyond the page"),
])
def test_the_look_itself_finds_what_is_wrong(chromium, tmp_path, body, said):
    file = tmp_path / "broken.html"
    file.write_text(f"<!doctype html><meta charset='utf-8'><body style='background:#fff'>{body}",
                    encoding="utf-8")
    with layout.opened(chromium, file, 360, "light") as seen:
        found = seen.problems()
    assert any(one.startswith(said) for one in found), found


def test_the_look_lets_a_table_scroll_in_its_own_box(chromium, tmp_path):
    file = tmp_path / "fine.html"
    file.write_text("<!doctype html><body style='background:#fff;color:#222'>"
                    "<div style='overflow-x:auto'><table><tr>" + "<td>column</td>" * 30
                    + "</tr></table></div>"
                    "<details><summary>more</summary><p style='color:#ccc'>folded</p></details>",
                    encoding="utf-8")
    with layout.opened(chromium, file, 360, "light") as seen:
        assert seen.problems() == []
        layout.unfold(seen.page)
        assert [one[:8] for one in seen.problems()] == ["contrast"]


def test_requests_and_errors_are_seen(chromium, tmp_path):
    file = tmp_path / "asking.html"
    file.write_text("<!doctype html><img src='gone.png'><script>missing()</script>",
                    encoding="utf-8")
    with layout.opened(chromium, file, 360, "light") as seen:
        assert [Path(one).name for one in seen.asked] == ["asking.html", "gone.png"]
        assert any("missing is not defined" in one for one in seen.errors)
