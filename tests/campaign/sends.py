"""A home with a release whose waves can be sent, and deliveries that come after the night."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from jobs import store
from jobs.campaign import fresh
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.release import whitelist
from jobs.intake.landing import DeliveryName
from jobs.intake.outgoing import write_correction
from jobs.progress import silent
from jobs.release import release
from tests.release.nights import JUNE, night

POLICY = "wallet_loan_cny"
#: The night is of a Tuesday; its first wave goes on the day after.
WEDNESDAY, THURSDAY, SUNDAY = (JUNE + dt.timedelta(days=days) for days in (1, 2, 5))
RATE = Decimal("0.000300")


def _rows(feed, *rows):
    schema = pa.schema([field.with_nullable(True) for field in feed.arrow_schema])
    return pa.Table.from_pylist([dict(row) for row in rows], schema)


def deliver(home, feed, day, *rows, sequence=1):
    """Land a delivery; a second one of a day is a correction of the first."""
    write_correction(home, feed, DeliveryName(day, sequence), _rows(feed, *rows), "CNY")


def card(user, day=JUNE, national_id=None):
    return {"user_id": user, "event_date": day, "card_number": f"62{user:>014}"[:16].replace(
        " ", "0"), "action": "bind", "card_kind": "debit", "bank": "b1",
        "is_name_verified": True, "national_id": national_id or f"id-{user}", "phone": f"ph-{user}",
        "age_years": 30}


def consent(user, day, action="given"):
    return {"user_id": user, "event_date": day, "purpose": "account_data", "action": action}


def opt_out(user, day, channel="all", action="out"):
    return {"user_id": user, "event_date": day, "channel": channel, "action": action}


def listed(day, user=None, national_id=None, list_name="complaint", action="added"):
    return {"entry_id": f"{user}{national_id}{day}{action}", "user_id": user,
            "national_id": national_id, "event_date": day, "list_name": list_name,
            "action": action}


def invitation(user, day, offer, lender="own"):
    return {"offer_id": offer, "user_id": user, "event_date": day, "lender": lender,
            "channel": "push", "limit_minor": 2_000_000, "rate_daily": RATE,
            "is_exploration": False}


def released(home: Path, people, as_of=JUNE, run_id="aaa", publish=True):
    """Publish a release: user -> what is unusual of the row; everyone is in wave 1."""
    if not (home / "landing").exists():
        deliver(home, feeds.BOUND_CARDS, as_of, *(card(user, as_of) for user in people))
        deliver(home, feeds.CONSENTS, as_of, *(consent(user, as_of) for user in people))
        fresh.take_in(Run(home, as_of, policy=POLICY), "CNY", silent)
    run = night(home, as_of, run_id, tuple(people), ())
    contract = whitelist("CNY")
    folder = run.folder / "whitelist"
    rows = [{**row, "wave": 1, "send_on": as_of + dt.timedelta(days=1), "send_status": "planned",
             "valid_to": as_of + dt.timedelta(days=30), "language": "zh",
             "message_variables": json.dumps({"limit": "30,000元"}, ensure_ascii=False),
             **people[row["user_id"]]}
            for row in store.read_arrow(folder, contract).to_pylist()]
    sha = store.write_sorted(pa.Table.from_pylist(rows, schema=contract.arrow_schema), contract,
                             folder)
    record = store.read_json(run.folder / "run.json")
    record["inputs"]["policy"]["name"] = POLICY
    for key in ("tables", "audit"):
        record[key]["whitelist"] = sha
    store.write_json(record, run.folder / "run.json")
    if publish:
        release.publish(run)
    return run
