"""What a person takes at given multipliers, and the sums over all who do."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from jobs.limits.choice import (choose, choose_and_sum, group_sums, offer_figures, people_of,
                                sums_of)
from jobs.limits.economics import entries
from jobs.limits.problem import DRAW, LIMIT, LOSS, NOTHING, PEOPLE, VARIANCE
from tests.limits.instances import ECONOMICS, MENU, candidates, people, problem, row

NO_ROWS = np.zeros(0)
ROWS = (row("money", 1e6, (DRAW, 1.0)), row("exposure", 0, (LIMIT, 1.0, 1), (LIMIT, -0.5)),
        row("loss", 1e5, (LOSS, 1.0)), row("people", 9, (PEOPLE, 1.0)),
        row("variance", 9, (VARIANCE, 1.0)))


def test_without_prices_everyone_takes_the_most_valuable_allowed_entry():
    some, whole = people(30), problem()
    value = entries(some, MENU, ECONOMICS).value_minor
    value[MENU.limit_minor[None, :] > some.limit_cap_minor[:, None]] = -1.0
    expected = [int(line.argmax()) if line.max() > 0 else NOTHING for line in value]
    assert choose(whole, some, NO_ROWS).tolist() == expected
    assert len(set(expected)) > 2


def test_prices_of_the_rows_are_taken_off_by_group_and_measure():
    some, whole = people(40), problem(*ROWS)
    prices = np.array([0.02, 0.001, 0.3, 1_000.0, 1e-5])
    found = entries(some, MENU, ECONOMICS)
    expected = []
    for person in range(40):
        left = [found.value_minor[person, entry] - 0.02 * found.draw_minor[person, entry]
                - 0.001 * (some.groups[person, 1] - 0.5) * MENU.limit_minor[entry]
                - 0.3 * found.loss_minor[person, entry] - 1_000.0
                - 1e-5 * found.variance[person, entry]
                if MENU.limit_minor[entry] <= some.limit_cap_minor[person] else -np.inf
                for entry in range(len(MENU))]
        expected.append(int(np.argmax(left)) if max(left) > 0 else NOTHING)
    assert choose(whole, some, prices).tolist() == expected
    assert NOTHING in expected and len(set(expected)) > 2


def test_of_equally_good_entries_the_first_is_taken():
    twice = dataclasses.replace(MENU, limit_minor=MENU.limit_minor[[0, 0]],
                                rate_daily=MENU.rate_daily[[1, 1]])
    rich = people(1, limit_cap_minor=np.array([20_000_000]), pd=np.array([0.001]))
    assert choose(problem(menu=twice), rich, NO_ROWS).tolist() == [0]


def test_an_entry_worth_nothing_is_not_offered():
    whole = problem(row("people", 1, (PEOPLE, 1.0)))
    some = people(1, limit_cap_minor=np.array([20_000_000]), pd=np.array([0.001]))
    worth = float(entries(some, MENU, ECONOMICS).value_minor.max())
    assert choose(whole, some, np.array([worth])).tolist() == [NOTHING]
    assert choose(whole, some, np.array([worth - 1])).tolist() != [NOTHING]


def test_sums_are_of_the_chosen_entries_in_each_group():
    some, whole = people(25), problem()
    entry = np.arange(25) % 7 - 1  # every entry of the menu, and nothing
    found, taken = entries(some, MENU, ECONOMICS), [i for i in range(25) if i % 7]
    sums = sums_of(whole, some, entry)
    assert sums.value_minor == sum(found.value_minor[i, entry[i]] for i in taken)
    for group in range(2):
        of = [i for i in taken if some.groups[i, group]]
        assert sums.measures[group].tolist() == [
            len(of), sum(MENU.limit_minor[entry[i]] for i in of),
            *(sum(values[i, entry[i]] for i in of)
              for values in (found.draw_minor, found.loss_minor, found.variance))]


def test_sums_of_the_choice_are_those_of_the_entries_chosen():
    some, whole, prices = people(5_000), problem(*ROWS), np.array([0.02, 0.0, 0.3, 1.0, 0.0])
    found = choose_and_sum(whole, some, prices)
    again = sums_of(whole, some, choose(whole, some, prices))
    assert found.value_minor == again.value_minor
    assert (found.measures == again.measures).all()


def test_a_person_chooses_alone_as_in_company():
    some, whole, prices = people(300), problem(*ROWS), np.array([0.02, 0.001, 0.3, 9.0, 1e-5])
    alone = [choose(whole, some.part(place, place + 1), prices)[0] for place in range(300)]
    assert choose(whole, some, prices).tolist() == alone


@pytest.mark.parametrize("entry", range(6))
def test_an_offer_in_the_menu_is_worth_and_uses_what_the_menu_says(entry):
    some, whole = people(10).reopened(np.full(10, 2)), problem()
    value, measures = offer_figures(whole, some, np.full(10, MENU.limit_minor[entry]),
                                    np.full(10, MENU.rate_daily[entry]))
    found = entries(some, MENU, ECONOMICS)
    assert value.tolist() == found.value_minor[:, entry].tolist()
    assert measures[:, LIMIT].tolist() == [MENU.limit_minor[entry]] * 10
    assert measures[:, DRAW].tolist() == found.draw_minor[:, entry].tolist()
    assert measures[:, VARIANCE].tolist() == found.variance[:, entry].tolist()


def test_each_person_may_have_terms_of_their_own_and_no_limit_is_no_offer():
    some, whole = people(3), problem()
    terms = np.array([4_200_000, 0, 5_000_000]), np.array([0.0003, 0.0, 0.0002])
    value, measures = offer_figures(whole, some, *terms)
    for place in (0, 2):
        own = offer_figures(whole, some.part(place, place + 1), terms[0][[place]],
                            terms[1][[place]])
        assert (value[place], measures[place].tolist()) == (own[0][0], own[1][0].tolist())
    assert (value[1], measures[1].tolist()) == (0, [0] * 5)


def test_candidates_become_people_with_groups_and_caps():
    some, whole = people(5), problem()
    found = people_of(candidates(some), whole)
    assert found.groups.tolist() == some.groups.tolist()
    assert found.limit_cap_minor.tolist() == some.limit_cap_minor.tolist()
    assert found.pd.tolist() == some.pd.tolist()
    assert found.user_id.equals(some.user_id)


def test_a_sent_offer_is_no_open_entry_and_one_outside_the_menu_neither():
    rows = candidates(people(4), open_limit_minor=[2_000_000, 2_000_000, 2_100_000, None],
                      open_rate_daily=["0.0005", "0.0005", "0.0005", None],
                      is_open_offer_sent=[False, True, False, None])
    assert people_of(rows, problem()).open_entry.tolist() == [1, NOTHING, NOTHING, NOTHING]


def test_a_batch_of_candidates_reads_like_a_table():
    rows = candidates(people(4), is_open_offer_sent=[False, True, None, None])
    batch = rows.combine_chunks().to_batches()[0]
    one, other = people_of(rows, problem()), people_of(batch, problem())
    assert isinstance(other.user_id, pa.Array) and one.user_id.equals(other.user_id)
    assert (one.groups == other.groups).all() and (one.pd == other.pd).all()


def test_sums_beyond_what_a_double_holds_are_exact():
    """1,000 people's variance of 10^14 each and one: no double is 10^17 + 1."""
    measures = np.zeros((1_001, 5), np.int64)
    measures[:1_000, VARIANCE], measures[1_000, VARIANCE] = 10**14, 1
    assert group_sums(np.ones((1_001, 1), bool), measures)[0, VARIANCE] == 10**17 + 1
