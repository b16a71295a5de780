"""Rows that exclude each other are named: these and no others."""

import numpy as np
import pytest

from jobs.errors import InfeasibleRows
from jobs.limits import optimise as optimiser
from jobs.limits.optimise import optimise
from jobs.limits.problem import DRAW, LIMIT, LOSS, PEOPLE, VARIANCE, Sums
from jobs.limits.setting import FundingLine, funding
from jobs.limits.sources import InMemory
from tests.limits.instances import RULES, people, problem, row

SOME = people(200, groups=3)
HARMLESS = (row("people", 10_000, (PEOPLE, 1.0)), row("loss", 1e9, (LOSS, 1.0)),
            row("loss_rate", 0, (LOSS, 1.0), (DRAW, -0.9)))


def refused(*rows, some=SOME, fixed=None):
    whole = problem(*rows, groups=some.groups.shape[1])
    with pytest.raises(InfeasibleRows) as raised:
        optimise(whole, InMemory(some), fixed or Sums.zero(whole))
    return raised.value


def named(error):
    return set(error.where.removeprefix("limits.rows ").split(", "))


def used(**by_measure):
    found = np.zeros((3, 5), np.int64)
    for name, value in by_measure.items():
        place = {"people": PEOPLE, "limit": LIMIT, "draw": DRAW, "variance": VARIANCE}[name]
        found[0, place] = value
    return Sums(0, found)


def at_least(name, share, group):
    return row(name, 0, (PEOPLE, -1.0, group), (PEOPLE, share))


def test_minimum_shares_of_people_who_exclude_each_other_are_both_named():
    apart = people(200, groups=3)
    apart.groups[:, 2] = ~apart.groups[:, 1]
    error = refused(*HARMLESS, at_least("thin", 0.6, 1), at_least("thick", 0.6, 2), some=apart)
    assert named(error) == {"thin", "thick"}
    assert "empty list" in str(error)


def test_minimum_shares_that_go_together_are_no_conflict():
    apart = people(200, groups=3)
    apart.groups[:, 2] = ~apart.groups[:, 1]
    whole = problem(*HARMLESS, at_least("thin", 0.5, 1), at_least("thick", 0.5, 2), groups=3)
    assert optimise(whole, InMemory(apart), Sums.zero(whole)).sums.measures[0, PEOPLE] > 0


def test_a_minimum_above_all_who_are_eligible_is_named_alone():
    assert named(refused(*HARMLESS, row("volume", -201, (PEOPLE, -1.0)))) == {"volume"}


def test_a_minimum_that_a_cap_forbids_is_named_with_the_cap():
    error = refused(*HARMLESS, row("volume", -100, (PEOPLE, -1.0)),
                    row("money", 1_000, (LIMIT, 1.0)))
    assert named(error) == {"volume", "money"}


def test_a_minimum_of_nobody_is_named():
    nobody = people(0)
    assert named(refused(row("volume", -1, (PEOPLE, -1.0)), some=nobody)) == {"volume"}


def test_honoured_offers_beyond_a_row_are_told_with_what_they_use():
    error = refused(*HARMLESS, row("exposure", 9_000, (LIMIT, 1.0)), fixed=used(limit=9_500))
    assert named(error) == {"exposure"}
    assert "exposure: 9,500 of 9,000" in str(error)


def test_honoured_offers_beyond_the_chance_are_told():
    """Between the chance and its line: 990 of 1,000 drawn leave nothing for a deviation."""
    lines = [FundingLine("own", 1_000_000, RULES.cost_annual["own"])]
    money = funding(RULES, lines, RULES.limits[-1] * 100)
    assert named(refused(money, *HARMLESS, fixed=used(draw=990_000))) == {"funding"}


def test_honoured_offers_beyond_a_share_may_be_outweighed():
    """10 of group 1 are honoured; at most a fifth may be: others are invited beside them."""
    whole = problem(row("share", 0, (PEOPLE, 1.0, 1), (PEOPLE, -0.2)), groups=3)
    fixed = used(people=10)
    fixed.measures[1, PEOPLE] = 10
    found = optimise(whole, InMemory(SOME), fixed)
    assert found.sums.measures[0, PEOPLE] >= 40


def test_a_sample_that_sees_a_conflict_where_there_is_none_is_corrected(monkeypatch):
    """Everyone could just be reached; the sample's people seem too few."""
    some = people(2_000, limit_cap_minor=np.full(2_000, 20_000_000))
    source = InMemory(some)
    few = some.take(np.flatnonzero(~some.groups[:, 1])[:300])
    monkeypatch.setattr(source, "sample", lambda problem, size: few)
    monkeypatch.setattr(optimiser, "CORE_PEOPLE", 2_000)
    whole = problem(row("volume", -700, (PEOPLE, -1.0, 1)))
    assert optimise(whole, source, Sums.zero(whole)).sums.measures[1, PEOPLE] >= 700
