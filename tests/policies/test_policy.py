"""Policies: the version of the date, and errors that name what is wrong."""

import datetime as dt
from pathlib import Path

import pytest
import yaml

import jobs.policies
from jobs.errors import PolicyError
from jobs.policies.outcomes import DefaultDefinition, OutcomeRules
from jobs.policies.policy import load

SHIPPED = Path(jobs.policies.__file__).parent


@pytest.fixture()
def edited(tmp_path, monkeypatch):
    """Load the shipped CNY policy after an edit of its document."""
    def load_edited(edit, as_of=dt.date(2026, 6, 30)):
        document = yaml.safe_load((SHIPPED / "wallet_loan_cny.yaml").read_text())
        edit(document)
        (tmp_path / "edited.yaml").write_text(yaml.safe_dump(document))
        monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
        return load("edited", as_of)
    return load_edited


@pytest.mark.parametrize("name", [path.stem for path in SHIPPED.glob("*.yaml")])
def test_every_shipped_policy_is_valid_to_its_end(name):
    last = yaml.safe_load((SHIPPED / f"{name}.yaml").read_text())["versions"][-1]["effective_to"]
    assert load(name, last or dt.date(2026, 6, 30)).rules


def names(policy):
    return [rule.name for rule in policy.rules]


def test_a_rule_of_the_wallet_loan_applies_from_its_own_date_on():
    before = names(load("wallet_loan_cny", dt.date(2021, 3, 16)))
    since = names(load("wallet_loan_cny", dt.date(2021, 3, 17)))
    assert [name for name in since if name not in before] == ["not_student"]
    assert since.index("not_student") == since.index("not_suppressed") + 1


def test_a_rule_ends_with_its_last_day(edited):
    def until_2026(document):
        document["versions"][0]["rules"][1].update(effective_to=dt.date(2025, 12, 31), source="us")
    assert "not_opted_out" in names(edited(until_2026, dt.date(2025, 12, 31)))
    assert "not_opted_out" not in names(edited(until_2026, dt.date(2026, 1, 1)))


def test_exploration_may_pass_over_a_rule_that_is_not_in_force_yet(edited):
    def explores(document):
        document["versions"][0]["limits"]["exploration"] = {
            "share_ratio": 0.01, "loss_budget": 100, "pass_over": ["not_student"],
            "limits": [20000], "rates_daily": ["0.000390"]}
    found = edited(explores, dt.date(2020, 1, 1))
    assert found.limits.exploration.pass_over == ("not_student",)


def test_every_rule_of_the_wallet_loan_is_told_in_chinese():
    rules = load("wallet_loan_cny", dt.date(2026, 6, 30)).rules
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in rule.text_zh) for rule in rules)


def test_rates_are_judged_by_the_law_of_the_date(edited):
    def dear(document):
        version = document["versions"][0]
        version["rate_daily"]["maximum"] = "0.000900"          # 32.85 % of 365 days
        version["tiers"]["rows"][-1]["rate_daily"] = "0.000900"
    assert edited(dear, dt.date(2025, 9, 30)).tiers[-1].rate_daily * 365 < 0.36
    with pytest.raises(PolicyError, match="at most 0.000657 as the law of the date says"):
        edited(dear, dt.date(2025, 10, 1))


def test_another_law_makes_another_policy(edited):
    before, since = (edited(lambda document: None, dt.date(2025, month, 1)) for month in (9, 10))
    assert before.rules == since.rules and before.sha256 != since.sha256


def test_a_backfill_gets_the_version_of_its_date(edited):
    def two_versions(document):
        old = document["versions"][0]
        document["versions"] = [{**old, "effective_to": dt.date(2020, 12, 31)},
                                {**old, "version": "2021.1", "funding": {"own": 1, "interbank": 2},
                                 "effective_from": dt.date(2021, 1, 1)}]
    assert edited(two_versions, dt.date(2020, 12, 31)).version == "2015.1"
    assert edited(two_versions, dt.date(2021, 1, 1)).funding == 3


def test_outcomes_have_defaults_and_no_definition_of_default_unless_stated(edited):
    assert edited(lambda document: None).outcomes == OutcomeRules(None, 30, 180, 200_000)


def test_the_definition_of_default_is_that_of_the_date(edited):
    def stricter_since_2026(document):
        old = document["versions"][0]
        document["versions"] = [
            {**old, "effective_to": dt.date(2025, 12, 31),
             "outcomes": {"default": {"days_past_due": 90, "within_months": 12}}},
            {**old, "version": "2026.1", "effective_from": dt.date(2026, 1, 1),
             "outcomes": {"default": {"days_past_due": 30, "within_months": 6},
                          "response_days": 14}}]
    before = edited(stricter_since_2026, dt.date(2025, 12, 31)).outcomes
    since = edited(stricter_since_2026, dt.date(2026, 1, 1)).outcomes
    assert before == OutcomeRules(DefaultDefinition(90, 12))
    assert since == OutcomeRules(DefaultDefinition(30, 6), response_days=14)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 3000, b"a: b: c"])
def test_a_file_that_is_not_yaml_is_one_line(tmp_path, monkeypatch, content):
    (tmp_path / "odd.yaml").write_bytes(content)
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
    with pytest.raises(PolicyError, match="expected valid YAML in UTF-8"):
        load("odd", dt.date(2026, 6, 30))


@pytest.mark.parametrize("currency", ["cny", "A1B", "RENMINBI"])
def test_a_currency_is_three_capital_letters(edited, currency):
    with pytest.raises(PolicyError, match="an ISO 4217 code"):
        edited(lambda document: document.update(currency=currency))


def test_languages_are_known_ones(edited):
    with pytest.raises(PolicyError, match="languages: expected a list out of zh"):
        edited(lambda document: document.update(languages=["latin"]))


def test_no_version_in_force_is_an_error():
    with pytest.raises(PolicyError, match="one version in force on 2010-01-01, found 0"):
        load("wallet_loan_cny", dt.date(2010, 1, 1))


def test_an_unknown_policy_names_those_there_are():
    with pytest.raises(PolicyError, match="card_holder_loan_twd, wallet_loan_cny"):
        load("wallet", dt.date(2026, 6, 30))


@pytest.mark.parametrize(("edit", "message"), [
    (lambda v: v["rules"][0].update(column="agee"), "rules.account_consent.column"),
    (lambda v: v["rules"][0].update(at_leest=3), "at_leest"),
    (lambda v: v.update(outcomes={"respond_days": 30}), "respond_days: expected one of"),
    (lambda v: v.update(outcomes={"response_days": 0}), "response_days: expected a whole number"),
    (lambda v: v.update(outcomes={"default": {"days_past_due": 90}}), "within_months"),
    (lambda v: v.update(outcomes={"default": {"days_past_due": 90.0, "within_months": 12}}),
     "days_past_due"),
    (lambda v: v["rules"][0].pop("at_least"), "at_least or at_most"),
    (lambda v: v["rules"].append(v["rules"][0]), "different names"),
    (lambda v: v["tiers"]["rows"][0].update(limits=[60000, 120000, 200001]), "tiers.A.limits"),
    (lambda v: v["tiers"]["rows"][0].update(limits=[60000]), "tiers.A.limits"),
    (lambda v: v["tiers"]["rows"][0].update(rate_daily="0.000501"), "tiers.A.rate_daily"),
    (lambda v: v["tiers"]["rows"][-1].update(points_from=1), "points_from that end at 0"),
    (lambda v: v["tiers"].update(card_limit_from=[1]), "rising limits from 0"),
    (lambda v: v.update(funding={"own": "much"}), "own: expected int, found 'much'"),
    (lambda v: v.update(efective_to=dt.date(2020, 1, 1)), "efective_to: expected one of"),
    (lambda v: v["tiers"]["rows"][-1].update(rate_daily="0.000195"), "rates that do not fall"),
    (lambda v: v.update(offer_valid_days=0), "offer_valid_days: expected a whole number from 1"),
    (lambda v: v.update(offer_valid_days=10**9), "offer_valid_days"),
    (lambda v: v.update(requires_champion="no"), "requires_champion: expected bool, found 'no'"),
    (lambda v: v["rules"][0].update(missing_passes="no"), "missing_passes: expected true or"),
    (lambda v: v["rules"][0].update(at_least="abc"), "at_least: expected int or float"),
    (lambda v: v["rules"][0].update(at_least=True), "at_least: expected int or float"),
    (lambda v: v["rules"][0].update(one_of=[1]), "at_least or at_most"),
    (lambda v: v["rules"][0].update(column="region"), "one_of or none_of"),
    (lambda v: v["rules"][0].update(column="region", at_least=None, one_of=["a"], none_of=["b"]),
     "one_of or none_of"),
    (lambda v: v["rules"][0].update(column="region", one_of="north"), "one_of: expected list"),
    (lambda v: v["rules"][0].update(at_least=float("nan")), "at_least or at_most"),
    (lambda v: v["rules"][0].update(at_least=5, at_most=4), "the least not above the most"),
    (lambda v: v["rules"][0].update(name="priced_out"), "names that are no step of the waterfall"),
    (lambda v: v["rules"][0].update(name=["adult"]), "name: expected str"),
    (lambda v: v["rules"][0].update(reason_code=None), "reason_code: expected str"),
    (lambda v: v["rules"][0].update(column=["age"]), "column: expected str"),
    (lambda v: v["rules"][0].pop("text_zh"), "rules.account_consent.text_zh: expected a text"),
    (lambda v: v["rules"][3].pop("source"), "rules.not_student.source: expected a source"),
    (lambda v: v["rules"][3].update(effective_to=dt.date(2021, 3, 16)), "dates in order"),
    (lambda v: v["rules"][3].update(effective_from="2021"), "not_student.effective_from: exp"),
    (lambda v: v["rules"][0].update(source=""), "source: expected a text"),
    (lambda v: v.update(rules=[]), "at least one"),
    (lambda v: v["tiers"]["rows"][0].update(limits=[True, True, True]), "list of whole numbers"),
    (lambda v: v["tiers"]["rows"][0].update(limits=[None, 1, 2]), "list of whole numbers"),
    (lambda v: v["tiers"].update(card_limit_from=["a", []]), "list of whole numbers"),
    (lambda v: v["limit"].update(step=0), "step: expected a whole number from 1"),
    (lambda v: v["limit"].update(minimum=0), "minimum: expected a whole number from 1"),
    (lambda v: v["limit"].update(maximum=10**15), "maximum: expected a whole number"),
    (lambda v: v["rate_daily"].update(maximum="nan"), "maximum: expected a daily rate"),
    (lambda v: v["rate_daily"].update(maximum="0.001"), "maximum: expected a daily rate"),
    (lambda v: v["rate_daily"].update(minimum="-0.0001"), "minimum: expected a daily rate"),
    (lambda v: v.update(effective_from=dt.datetime(2015, 5, 15, 1)), "effective_from: expected"),
])
def test_a_wrong_entry_is_named(edited, edit, message):
    with pytest.raises(PolicyError, match=message):
        edited(lambda document: edit(document["versions"][0]))


def test_a_policy_says_what_its_nights_cannot_do_without(edited):
    def without_bureau(document):
        document["versions"][0]["feeds"] = {
            "logins": {"mandatory": True}, **{name: {"mandatory": False} for name in (
                "statements", "bureau_tradelines", "loan_performance")}}
    assert edited(without_bureau).mandatory_feeds == ("bound_cards", "logins")
    assert edited(lambda document: None).mandatory_feeds == (
        "bound_cards", "statements", "bureau_tradelines", "loan_performance")


@pytest.mark.parametrize("wanted", [True, False])
def test_a_policy_may_require_a_champion_from_a_date_on(edited, wanted):
    def stated(document):
        document["versions"][0]["requires_champion"] = wanted
    assert edited(stated).requires_champion is wanted
    assert edited(lambda document: None).requires_champion is False
