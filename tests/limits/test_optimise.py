"""The optimiser beside exact optima, and where there is little to choose."""

import dataclasses
from math import floor

import numpy as np
import pyarrow as pa
import pytest

from jobs.limits import optimise as optimiser
from jobs.limits.choice import choose_and_sum, offer_figures, group_sums, sums_of
from jobs.limits.optimise import final_entries, optimise
from jobs.limits.problem import DRAW, LIMIT, LOSS, MINOR, NOTHING, PEOPLE, VARIANCE, Sums
from jobs.limits.rooms import room_left, worth
from jobs.limits.setting import FundingLine, funding
from jobs.limits.sources import InMemory
from tests.limits.instances import RULES, exact, people, problem, random_rows, row


def solved(whole, some, fixed=None, start=None):
    """The solution, after checking that what it says is so."""
    fixed = fixed or Sums.zero(whole)
    found = optimise(whole, InMemory(some), fixed, start)
    entry = final_entries(whole, some, found)
    allowed = np.append(whole.menu.limit_minor, 0)[entry] <= some.limit_cap_minor
    sums = sums_of(whole, some, entry)
    assert allowed.all()
    assert sums.value_minor == found.sums.value_minor
    assert (sums.measures == found.sums.measures).all()
    total = sums.plus(fixed)
    assert all(room_left(one, total.measures) >= 0 for one in whole.rows)
    assert found.value_minor == floor(worth(whole, total)) <= found.bound_minor
    return found


def free(some, groups=2):
    """What everyone would take and use alone."""
    return choose_and_sum(problem(groups=groups), some, np.zeros(0))


def chance_row(some, of_what_all_draw):
    money = int(of_what_all_draw * free(some).measures[0, DRAW])
    lines = [FundingLine("own", money, RULES.cost_annual["own"])]
    return funding(RULES, lines, RULES.limits[-1] * MINOR)


@pytest.mark.parametrize("seed", range(20))
def test_few_people_get_the_best_offers_there_are(seed):
    rng = np.random.default_rng(seed)
    some = people(int(rng.integers(3, 41)), seed)
    whole = problem(*random_rows(rng, free(some)))
    found, most = solved(whole, some), exact(whole, some)
    assert most * (1 - 1e-9) - 1 <= found.value_minor <= most + 1
    assert most <= found.bound_minor + 1


@pytest.mark.parametrize("seed", range(4))
def test_some_hundred_people_get_within_a_thousandth_of_the_best(seed):
    rng = np.random.default_rng(seed)
    some = people(300, seed)
    whole = problem(*random_rows(rng, free(some)))
    found, most = solved(whole, some), exact(whole, some)
    assert most * 0.999 <= found.value_minor <= most + 1
    assert most <= found.bound_minor + 1


@pytest.mark.parametrize("number", [12, 400])
def test_the_chance_is_kept_itself_and_the_bound_holds_for_its_line(number):
    some = people(number)
    whole = problem(chance_row(some, 0.6), row("people", number, (PEOPLE, 1.0)))
    found, most_within_line = solved(whole, some), exact(whole, some)
    assert found.value_minor <= most_within_line + 1 <= found.bound_minor + 2
    one, used = whole.rows[0], found.sums.measures[0]
    deviation = one.chance.z * np.sqrt((one.chance.spread * used[DRAW])**2
                                       + used[VARIANCE] * MINOR**2)
    assert 0 <= one.chance.available_minor - used[DRAW] - deviation
    assert found.value_minor > 0.8 * most_within_line


def test_no_offers_within_the_chance_beat_the_bound():
    """All of a few people's offers are tried."""
    from tests.limits.test_dual import brute
    some = people(4)
    whole = problem(chance_row(some, 1.5))
    found = solved(whole, some)
    assert found.value_minor == pytest.approx(brute(whole, some), abs=1)


def test_two_runs_are_equal_and_yesterdays_multipliers_change_nothing_of_worth():
    rng = np.random.default_rng(5)
    some = people(2_000)
    whole = problem(*random_rows(rng, free(some)), chance_row(some, 0.7))
    one, other = solved(whole, some), solved(whole, some)
    assert one.multipliers.tolist() == other.multipliers.tolist()
    assert one.changed_entry.tolist() == other.changed_entry.tolist()
    assert one.changed_user_id.equals(other.changed_user_id)
    near = one.multipliers * rng.uniform(0.9, 1.1, len(one.multipliers))
    for start in (near, np.zeros(len(near)), np.full(len(near), 1.0)):
        warm = solved(whole, some, start=start)
        assert warm.bound_minor == pytest.approx(one.bound_minor, rel=1e-5)
        assert warm.value_minor == pytest.approx(one.value_minor, rel=5e-4)
        assert solved(whole, some, start=start).value_minor == warm.value_minor


def alike(number, kinds=1):
    """So many people of so few kinds."""
    few = people(kinds, limit_cap_minor=np.full(kinds, 20_000_000))
    some = few.take(np.arange(number) % kinds)
    return dataclasses.replace(some, user_id=pa.array([f"u{i:06d}" for i in range(number)]))


# Where all are one, only exchanges of several would lead from a good list to the best.
@pytest.mark.parametrize(("kinds", "left"), [(1, 2e-3), (100, 2e-5)])
def test_many_people_alike_share_what_there_is(kinds, left):
    some = alike(10_000, kinds)
    use = free(some).measures[0]
    whole = problem(row("money", float(int(use[DRAW] * 0.37)), (DRAW, 1.0)),
                    row("people", 7_000, (PEOPLE, 1.0)))
    found = solved(whole, some)
    assert found.value_minor >= found.bound_minor * (1 - left)


def test_more_people_alike_than_a_core_holds_are_invited_core_by_core(monkeypatch):
    """At the multipliers all are as well off without an offer: no core of 50 is enough."""
    monkeypatch.setattr(optimiser, "CORE_PEOPLE", 50)
    found = solved(problem(row("people", 777, (PEOPLE, 1.0))), alike(2_000))
    assert found.sums.measures[0, PEOPLE] == 777
    assert found.value_minor == floor(found.bound_minor + 1e-3)


def test_a_sample_that_misleads_is_put_right_by_everyone(monkeypatch):
    """The sample holds the worst people only; the rows are kept all the same."""
    some = people(4_000)
    source = InMemory(some)
    worst = some.take(np.argsort(-some.pd, kind="stable")[:200])
    monkeypatch.setattr(source, "sample", lambda problem, size: worst)
    monkeypatch.setattr(optimiser, "CORE_PEOPLE", 100)
    use = free(some).measures[0]
    whole = problem(row("loss", float(use[LOSS] * 0.4), (LOSS, 1.0)),
                    row("people", float(use[PEOPLE] // 2), (PEOPLE, 1.0)))
    found = optimise(whole, source, Sums.zero(whole))
    sums = sums_of(whole, some, final_entries(whole, some, found))
    assert all(room_left(one, sums.measures) >= 0 for one in whole.rows)
    assert 0 < found.value_minor <= found.bound_minor


def test_nobody_eligible_is_an_empty_list_and_its_bound_nothing():
    found = solved(problem(row("people", 5, (PEOPLE, 1.0)),
                           row("share", 0, (PEOPLE, -1.0, 1), (PEOPLE, 0.2))), people(0))
    assert (found.value_minor, found.bound_minor) == (0, 0)


def test_without_money_nobody_is_invited():
    some = people(200)
    found = solved(problem(chance_row(some, 0.0)), some)
    assert found.sums.measures[0, PEOPLE] == 0
    assert found.value_minor == 0 and found.bound_minor == pytest.approx(0, abs=1)


def test_one_person_gets_the_best_entry_that_the_rows_let_through():
    some = people(1, limit_cap_minor=np.array([20_000_000]), pd=np.array([0.001]))
    use = free(some).measures[0]
    found = solved(problem(row("limits", use[LIMIT] - 1, (LIMIT, 1.0))), some)
    assert found.value_minor == pytest.approx(
        exact(problem(row("limits", use[LIMIT] - 1, (LIMIT, 1.0))), some), abs=1)
    assert found.sums.measures[0, PEOPLE] == 1


def test_where_every_offer_loses_nobody_is_invited():
    found = solved(problem(row("people", 50, (PEOPLE, 1.0))), people(100, pd=np.full(100, 0.9)))
    assert (found.value_minor, found.bound_minor) == (0, 0)


def test_a_minimum_forces_offers_at_the_smallest_loss():
    some = people(30, pd=np.full(30, 0.9), limit_cap_minor=np.full(30, 20_000_000))
    whole = problem(row("at_least", -10, (PEOPLE, -1.0)))
    found = solved(whole, some)
    assert found.sums.measures[0, PEOPLE] == 10
    assert found.value_minor == pytest.approx(exact(whole, some), abs=1) and found.value_minor < 0


def test_fixed_offers_count_in_value_bound_and_rows():
    some = people(60)
    honoured = some.part(0, 20)
    base = problem()
    value, measures = offer_figures(base, honoured, np.full(20, 2_000_000), np.full(20, 0.0005))
    fixed = Sums(int(value.sum()), group_sums(honoured.groups, measures))
    whole = problem(row("people", 45, (PEOPLE, 1.0)),
                    row("money", 0, (DRAW, 1.0), steps=[("own", 3e7, 0.03), ("bank", 3e7, 0.06)]))
    found = solved(whole, some.part(20, 60), fixed)
    assert found.sums.measures[0, PEOPLE] <= 25
    # The same by itself: room less what is honoured, whose steps are paid first.
    drawn = fixed.measures[0, DRAW]
    left = problem(row("people", 25, (PEOPLE, 1.0)), row("money", 0, (DRAW, 1.0), steps=[
        ("own", 3e7 - drawn, 0.03), ("bank", 3e7, 0.06)]))
    own = exact(left, some.part(20, 60))
    assert found.value_minor == pytest.approx(own + fixed.value_minor - 0.03 * drawn, abs=2)


def test_batches_of_people_get_the_entries_of_all():
    some = people(500)
    whole = problem(*random_rows(np.random.default_rng(2), free(some)))
    found = optimise(whole, InMemory(some), Sums.zero(whole))
    assert len(found.changed_user_id)
    parts = [final_entries(whole, some.part(at, at + 70), found) for at in range(0, 500, 70)]
    assert np.concatenate(parts).tolist() == final_entries(whole, some, found).tolist()


def test_without_rows_everyone_gets_the_best():
    some = people(50)
    found = solved(problem(), some)
    assert found.value_minor == found.bound_minor == free(some).value_minor
    assert NOTHING not in found.changed_entry
