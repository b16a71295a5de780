"""A feature's fingerprint follows what it means, and nothing else."""

import dataclasses

import pytest

from jobs.contracts import feeds
from jobs.contracts.table import Field
from jobs.features.catalogue import ENTRIES, Entry, fingerprints

SPEND = Entry(Field("spend", "integer", "1/100 currency", "Spent, last 30 days.", True),
              "30 days", (feeds.PAYMENTS,))


@pytest.mark.parametrize("changed", [
    {"name": "spending"}, {"type": "double"}, {"unit": "currency"},
    {"meaning": "Spent and sent, last 30 days."}])
def test_another_meaning_is_another_fingerprint(changed):
    other = dataclasses.replace(SPEND, field=dataclasses.replace(SPEND.field, **changed))
    assert other.fingerprint != SPEND.fingerprint


@pytest.mark.parametrize("changed", [{"window": "90 days"},
                                     {"feeds": (feeds.PAYMENTS, feeds.STATEMENTS)}])
def test_another_window_or_source_is_another_fingerprint(changed):
    assert dataclasses.replace(SPEND, **changed).fingerprint != SPEND.fingerprint


@pytest.mark.parametrize("changed", [{"monotone": 1}, {"reason_code": "SPEND"}])
def test_a_sign_for_the_next_model_is_no_other_meaning(changed):
    other = dataclasses.replace(SPEND, field=dataclasses.replace(SPEND.field, **changed))
    assert other.fingerprint == SPEND.fingerprint


def test_every_feature_has_a_fingerprint_of_its_own():
    names = [entry.field.name for entry in ENTRIES]
    assert len(set(fingerprints(names).values())) == len(names)


def test_a_feature_that_there_is_not_has_none():
    assert fingerprints(["no_such_feature"]) == {"no_such_feature": ""}
