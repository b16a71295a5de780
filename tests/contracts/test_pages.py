"""Every feed has a page that says what its contract says."""

import csv
import json
import re

import pytest

from jobs.contracts import pages
from jobs.contracts.feeds import FEEDS


@pytest.mark.parametrize("name", FEEDS)
def test_the_page_of_a_feed_is_up_to_date(name):
    found = (pages.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert found == pages.page(FEEDS[name]), "renew it: nightlist dictionary --pages"


def test_there_is_no_page_of_a_feed_that_is_none():
    assert {path.stem for path in pages.FOLDER.iterdir()} == set(FEEDS)


@pytest.mark.parametrize("name", FEEDS)
def test_the_example_of_a_page_is_a_delivery_that_is_taken(desk, name):
    text = pages.page(FEEDS[name])
    said = json.loads(re.search(r"```json\n(.*?)```", text, re.S)[1])
    (content,) = re.findall(r"```\n([a-z_]+,.*?)```", text, re.S)
    assert list(csv.reader(content.splitlines()))[0] == FEEDS[name].columns
    counts = desk.take(name, {"part-1.csv": content.encode()}, [1], said["control_totals"])
    quarantined = desk.quarantine(name)
    assert counts["accepted"] == 1, quarantined


def test_the_page_of_the_features_is_current():
    found = pages.FEATURES_PAGE.read_text(encoding="utf-8")
    assert found == pages.features_page(), "renew it: nightlist dictionary --pages"
