"""Invitations of the city: by chance with a known propensity, or by our list."""

import datetime as dt

import duckdb
import pyarrow as pa
import pytest

from jobs.errors import UsageError
from jobs.simulate import city
from jobs.simulate.blocks import City

START = dt.date(2026, 6, 28)
#: The day of our offers, which is also one of the partners'.
JULY = dt.date(2026, 7, 1)
OFFERS = pa.table({"user_id": ["u0000007", "u0000003"], "limit_cny": [50_000, 20_000],
                   "rate_daily": [0.0003, 0.0005]})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("invited")
    people = City(4_000, START, 7, block_people=2_500)
    city.simulate(folder, people, JULY - dt.timedelta(days=1), workers=1)
    city.simulate(folder, people, JULY + dt.timedelta(days=5), workers=1, offers=OFFERS)
    return folder


def sql(home, query):
    names = ("invitations", "loan_days", "bound_cards")
    return duckdb.sql(query.format(**{
        name: f"read_parquet('{home}/landing/{name}/*/*.parquet', filename=true)"
        for name in names})).fetchall()


def test_partners_invite_on_the_first_of_a_month_and_deliver_the_same_day(home):
    days = sql(home, "select distinct event_date, filename.split('/')[-2]::date from "
               "{invitations} where lender = 'partner' order by 1")
    assert days == [(day, day) for day in (dt.date(2026, 5, 1), dt.date(2026, 6, 1), JULY)]


def test_the_propensity_is_the_share_of_adults_who_got_just_these_terms(home):
    adults, = sql(home, "select count(distinct user_id) from {bound_cards} where event_date = "
                  "date '2026-04-30' and age_years between 18 and 120")[0]
    cells = sql(home, f"""select count(*), min(propensity_ratio), max(propensity_ratio)
        from {{invitations}} where lender = 'partner' and event_date = date '{JULY}'
        group by limit_minor, rate_daily""")
    expected = 0.88 / 4 / 3
    margin = 4 * (expected * (1 - expected) / adults) ** 0.5  # four standard errors
    assert len(cells) == 12
    for count, low, high in cells:
        assert low == high == pytest.approx(expected)
        assert abs(count / adults - expected) < margin


def test_chance_alone_decides_so_the_terms_tell_nothing_of_the_card(home):
    (link,), = sql(home, f"""select corr(i.limit_minor, c.card_limit_minor) from {{invitations}} i
        join {{bound_cards}} c using (user_id) where c.event_date = date '2026-04-30'
        and i.lender = 'partner' and i.event_date = date '{JULY}'""")
    assert abs(link) < 4 / 3_000 ** 0.5


def test_every_loan_of_a_partner_has_an_invitation_with_its_terms(home):
    loans, invited = sql(home, """select count(*), count(i.offer_id) from {loan_days} l
        left join {invitations} i on i.user_id = l.user_id and i.lender = l.lender
        and i.event_date = date_trunc('month', l.event_date) and i.limit_minor = l.limit_minor
        and i.rate_daily = l.rate_daily where l.drawn_minor > 0 and l.lender = 'partner'""")[0]
    assert loans == invited > 4_000


def test_our_offers_are_delivered_as_we_lend_and_are_no_exploration(home):
    rows = sql(home, "select user_id, event_date, filename.split('/')[-2]::date, limit_minor, "
               "rate_daily::double, is_exploration, propensity_ratio from {invitations} "
               "where lender = 'own' order by 1")
    assert rows == [("u0000003", JULY, JULY, 2_000_000, 0.0005, False, None),
                    ("u0000007", JULY, JULY, 5_000_000, 0.0003, False, None)]


def test_a_city_that_begins_on_the_first_of_a_month_invites_that_day_once(tmp_path):
    city.simulate(tmp_path, City(300, JULY, 7), JULY, workers=1, offers=OFFERS.slice(0, 1))
    days = sql(tmp_path, "select lender, event_date, count(*) = count(distinct user_id) "
               "from {invitations} group by 1, 2 order by 2, 1")
    assert days == [("partner", dt.date(2026, 6, 1), True), ("own", JULY, True),
                    ("partner", JULY, True)]


def listed(*rows):
    """A whitelist with waves, as `nightlist whitelist` writes it."""
    return pa.Table.from_pylist([{"limit_cny": 50_000, "rate_daily": 0.0003, **row}
                                 for row in rows])


def wave(user, on, **given):
    return {"user_id": user, "offer_id": f"of {user}", "send_status": "planned", "send_on": on,
            "channel": "push", **given}


def test_of_a_list_with_waves_each_is_sent_on_its_day_by_its_own_id_and_channel(tmp_path):
    second = JULY + dt.timedelta(days=1)
    offers = listed(wave("u0000003", second, channel="sms"), wave("u0000007", JULY),
                    wave("u0000008", JULY + dt.timedelta(days=9)),           # not lived through
                    wave("u0000009", None, send_status="universal_holdout"),
                    wave("u0000010", None, send_status="sent"))
    city.simulate(tmp_path, City(300, JULY, 7), second, workers=1, offers=offers)
    rows = sql(tmp_path, "select user_id, offer_id, event_date, channel from {invitations} "
               "where lender = 'own' order by 1")
    assert rows == [("u0000003", "of u0000003", second, "sms"),
                    ("u0000007", "of u0000007", JULY, "push")]


def test_a_list_whose_waves_are_over_is_refused(tmp_path):
    before = JULY - dt.timedelta(days=1)
    with pytest.raises(UsageError, match="expected a wave on 2026-07-01 or later, found the last "
                                         "on 2026-06-30"):
        city.simulate(tmp_path, City(300, JULY, 7), JULY, workers=1,
                      offers=listed(wave("u0000003", before)))
