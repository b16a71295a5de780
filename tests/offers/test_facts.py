"""Rule facts: debts against income, evidence, where a person is, and what consent withholds."""

import datetime as dt
from dataclasses import asdict
from decimal import Decimal

import pyarrow as pa
import pytest

from jobs.config import Run
from jobs.contracts import feeds, release
from jobs.features import catalogue
from jobs.labels.known import known
from jobs.offers import facts
from jobs.release import warehouse
from jobs.session import session
from tests.campaign.rows import CAMPAIGN
from tests.offers.rows import DAY, matrix, scores

#: Schemas of the parts that a night without any such fact gives, and rows of one with some.
PARTS = {
    "profile": "user_id string, region string, partner string",
    "barriers": "user_id string, suppressions long, student_lists long, closed_channels long, "
                "closed_channel_names array<string>",
    "book": "user_id string, own_balance_minor long",
    "offers": "user_id string, open_offer_id string, open_limit_minor long, open_rate_daily "
              "decimal(9,6), open_until date, is_open_offer_sent boolean, refused_days long",
    "waits": "user_id string, may_be_sent_from date",
    "unseen": "user_id string, bureau_unseen long"}


def of_anna(income=None, with_model=True, features=None, **parts):
    told = [session().createDataFrame([("anna", *parts[name])] if name in parts else [], schema)
            for name, schema in PARTS.items()]
    scored = scores({"user_id": "anna", "income_minor": income}) if with_model else None
    (row,) = facts.build(matrix({"user_id": "anna", **(features or {})}), scored, told).collect()
    return row.asDict()


def test_of_whom_nobody_tells_there_is_nothing_to_bar_and_nothing_known():
    found = of_anna()
    assert {name: found[name] for name in (
        "suppressions", "student_lists", "closed_channels", "own_balance_minor",
        "bureau_unseen", "evidence_sources")} == {
            "suppressions": 0, "student_lists": 0, "closed_channels": 0, "own_balance_minor": 0,
            "bureau_unseen": 0, "evidence_sources": 1}  # the statements
    assert [name for name, value in found.items() if value is None] == [
        "region", "partner", "verified_names", "card_age_days", "refused_days", "may_be_sent_from",
        "total_debt_minor", "debt_to_income_months", "obligation_ratio", "open_offer_id",
        "open_limit_minor", "open_rate_daily", "open_until", "is_open_offer_sent"]


DEBTS = {"debt_minor": 1_000_000, "mortgage_debt_minor": 700_000,
         "monthly_obligation_minor": 20_000}


def test_debts_are_those_at_the_bureau_and_ours_and_mortgages_are_not_carried_by_income():
    found = of_anna(income=100_000, features=DEBTS, book=(50_000,))
    assert found["total_debt_minor"] == 1_050_000
    assert found["debt_to_income_months"] == 3.5         # (1,050,000 - 700,000) / 100,000
    assert found["obligation_ratio"] == 0.2


@pytest.mark.parametrize(("features", "parts", "debt"), [
    ({}, {}, None), ({}, {"book": (50_000,)}, 50_000), ({"debt_minor": 7}, {}, 7)])
def test_debts_are_known_where_the_bureau_or_our_book_knows_the_person(features, parts, debt):
    assert of_anna(features=features, **parts)["total_debt_minor"] == debt


@pytest.mark.parametrize("given", [{"income": None}, {"with_model": False}, {"income": 0}])
def test_without_an_income_nothing_is_divided_by_it(given):
    found = of_anna(features=DEBTS, **given)
    assert found["total_debt_minor"] == 1_000_000
    assert (found["debt_to_income_months"], found["obligation_ratio"]) == (None, None)


CARDS = {"verified_card_count": 2, "oldest_card_days": 90, "card_limit_minor": 5}


def test_who_refuses_the_use_of_account_data_has_no_region_or_partner_but_stays_barred():
    told = {"profile": ("north", "icbc"), "barriers": (1, 0, 3, ["in_app", "push", "sms"]),
            "book": (9,)}
    refuses = of_anna(features={"account_consents": 0}, **told)
    assert (refuses["region"], refuses["partner"]) == (None, None)
    assert (refuses["suppressions"], refuses["closed_channels"],
            refuses["own_balance_minor"]) == (1, 3, 9)
    for consents in (1, None):   # None: the product records no consents
        agrees = of_anna(features={"account_consents": consents, **CARDS}, **told)
        assert (agrees["region"], agrees["partner"], agrees["verified_names"],
                agrees["card_age_days"]) == ("north", "icbc", 2, 90)


@pytest.mark.parametrize(("column", "value", "sources"), [
    ("statement_months", 1, 1), ("bureau_months", 2, 1), ("payments_active_days_365d", 3, 1),
    ("account_flows_active_days_365d", 3, 1), ("logins_active_days_365d", 3, 1),
    ("shopping_active_days_365d", 3, 1), ("rides_active_days_365d", 3, 1),
    ("virtual_property_active_days_365d", 3, 1), ("third_party_scores_active_days_365d", 3, 1),
    ("card_limit_minor", 5, 1), ("payments_active_days_365d", 0, 0),
    ("bureau_inquiries_active_days_365d", 3, 0)])
def test_a_source_is_evidence_where_it_tells_of_the_person(column, value, sources):
    found = of_anna(features={"statement_months": 0, column: value})
    assert found["evidence_sources"] == sources


def test_social_data_alone_are_no_evidence():
    social = {entry.field.name: 5 if entry.field.type == "integer" else 0.5
              for entry in catalogue.ENTRIES if entry.feeds == (feeds.SOCIAL_EDGES,)}
    assert len(social) > 5
    assert of_anna(features={"statement_months": 0, **social})["evidence_sources"] == 0


def card(name, on, bank=None, region=None, action="bind", delivered=None):
    return ("anna", on, name, action, "debit", bank, None, True, None, None, 30, None, None, None,
            region, delivered or on, None)


def profile(*rows):
    told = session().createDataFrame(list(rows), feeds.facts(feeds.BOUND_CARDS).spark_schema)
    (row,) = facts.profile(known(told, feeds.BOUND_CARDS.key, DAY)).collect()
    return row.asDict()


def june(number):
    return dt.date(2026, 6, number)


def test_the_partner_is_the_bank_of_the_newest_card_bound_now_that_names_one():
    found = profile(card("c1", june(1), "icbc"), card("c2", june(2), "ccb"),
                    card("c3", june(3), None), card("c4", june(4), "boc"),
                    card("c4", june(5), "boc", action="unbind"))
    assert found["partner"] == "ccb"


def test_the_region_is_the_one_told_last():
    assert profile(card("c1", june(1), region="north"), card("c1", june(9), region="south"),
                   card("c2", june(10)),
                   card("c1", june(20), region="east", delivered=dt.date(2026, 7, 1))
                   ) == {"user_id": "anna", "region": "south", "partner": None}


def test_the_offers_of_the_release_before_are_read_by_the_name_that_was_frozen(tmp_path,
                                                                               monkeypatch):
    contract = release.whitelist("CNY")
    rows = [{**CAMPAIGN, "user_id": user, "as_of_date": june(29), "release_id": name,
             "offer_id": f"of {user}",
             "limit_cny": 60_000, "rate_daily": Decimal("0.000350"),
             "rate_annual": Decimal("0.126000"), "valid_from": june(30),
             "valid_to": dt.date(2026, 7, 29), "segment": "thin_file", "score_tier": "A",
             "method": "optimiser",
             "reason_codes": ["INCOME"]} for user, name in (("anna", "r1"), ("ben", "r2"))]
    warehouse.catalog_file(tmp_path).parent.mkdir(parents=True)
    with warehouse.opened(tmp_path, create=True) as catalog:
        warehouse.iceberg_table(catalog, contract).append(
            pa.Table.from_pylist(rows, schema=contract.arrow_schema))
        moves = [asdict(warehouse.Release(number, name, june(29), "", "CNY", 1, 1, 1, "", ""))
                 for number, name in enumerate(("r1", "r2"), start=1)]
        warehouse.iceberg_table(catalog, release.RELEASES).append(
            pa.Table.from_pylist(moves, schema=release.RELEASES.arrow_schema))
    frozen = {"previous": {"release_id": "r1", "currency": "CNY"}}
    monkeypatch.setattr(facts, "unchanged", lambda run: frozen)
    (found,) = facts._released(session(), Run(tmp_path, DAY)).collect()
    assert (found["user_id"], found["open_offer_id"], found["open_limit_minor"],
            found["open_until"], found["is_open_offer_sent"]) == (
                "anna", "of anna", 6_000_000, dt.date(2026, 7, 29), False)
    frozen["previous"] = None
    assert facts._released(session(), Run(tmp_path, DAY)) is None
