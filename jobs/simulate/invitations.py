"""Who is invited to a loan: by partner lenders at random, by us as our whitelist says.

Partner lenders invite `loans.PARTNER_SHARE` of the adults on the first of each month, with a limit
and a rate that chance gave to each person once. Nothing about the person but being of age has a
part in it, so the propensity of an offer is known: share x 1 / limits x 1 / rates, the probability
that this adult was sent just this limit and rate. Our own invitations follow our policy and are no
exploration; they have no propensity. They have the ids and channels of the list that they are sent
by, where it says them.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

from jobs.contracts import feeds
from jobs.simulate import loans
from jobs.simulate.columns import Floats, Integers, codes, constant, numbered, table, text
from jobs.simulate.setting import Setting

#: Of one limit and rate to one adult.
PARTNER_PROPENSITY = (loans.PARTNER_SHARE / len(loans.PARTNER_LIMITS_CNY)
                      / len(loans.PARTNER_RATES_DAILY))
_LENDERS = ("own", "partner")


def invitations(at: Setting, day: dt.date) -> pa.Table | None:
    """What is sent on a day: partners' on the first of a month, ours where we lend."""
    sent = [_rows(at, day, loans.OWN, one.person, one.limit_cny, one.rate_daily, one.offer_id,
                  one.channel) for one in at.lent if one.day == day]
    if day.day == 1:
        terms = loans.partner_terms(at.block, at.people)
        person = np.flatnonzero(terms.is_asked)
        sent.append(_rows(at, day, loans.PARTNER, person, terms.limit_cny[person],
                          terms.rate_daily[person]))
    return pa.concat_tables(sent) if sent else None


def _rows(at: Setting, day: dt.date, lender: int, person: Integers, limit_cny: Floats,
          rate_daily: Floats, offer_id: pa.Array | None = None,
          channel: pa.Array | None = None) -> pa.Table:
    rows, is_random = len(person), lender == loans.PARTNER
    if offer_id is None:
        offer_id = numbered(f"{_LENDERS[lender][0]}{day:%y%m%d}-", at.people.number[person], 9)
    return table(feeds.INVITATIONS, {
        "offer_id": offer_id,
        "user_id": at.ids.take(pa.array(person)), "event_date": constant(day, rows),
        "lender": codes(np.full(rows, lender), _LENDERS),
        "channel": text("in_app", rows) if channel is None else channel,
        "limit_minor": limit_cny.astype(np.int64) * 100, "rate_daily": loans.rates(rate_daily),
        "is_exploration": np.full(rows, is_random),
        "propensity_ratio": pa.array(np.full(rows, PARTNER_PROPENSITY),
                                     mask=np.full(rows, not is_random))})
