"""Make the file of a wave: read again what changed since the night, decide, write.

Sources: the whitelist of a release, deliveries up to the day, files sent before. Output: see
`send_files.py`.

Sent is the release in force. An earlier night's is sent only where it is named, and one that was
withdrawn or superseded never: what it offered was taken back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import functions as F

from jobs import store
from jobs.campaign import fresh, send_files
from jobs.campaign.send import Decided, Known, decide, of_channel
from jobs.campaign.send_files import Place
from jobs.config import RUN_FILE, Run
from jobs.errors import ReleaseError, SendRefused
from jobs.lock import locked
from jobs.policies.policy import Policy, load
from jobs.progress import Progress, silent
from jobs.release import switch, warehouse
from jobs.release.pointer import is_history
from jobs.release.previous import policy_name
from jobs.release.warehouse import Release
from jobs.session import session

LOCK_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Sent:
    """A file for a sender: its folder, its manifest, and whether it was written just now."""

    folder: Path
    manifest: dict[str, Any]
    is_new: bool


def make(home: Path, wave: int, day: dt.date, release_id: str | None = None, channel: str = "",
         told: Progress = silent) -> Sent:
    """Make the file of a wave for a day, or its next revision, or find that nothing changed.

    Args:
        home: The root of everything.
        wave: Its number in the release.
        day: Of sending; what was delivered by then counts.
        release_id: None: the release in force.
        channel: Only what goes this way; empty: all.
        told: Hears what is at work.

    Raises:
        SendRefused: When the wave must not be sent, or not on this day.
        ReleaseError: When there is no such release.
        DeliveryRefused: For a delivery that is not what it says.
        PublicationStopped: While the kill switch is thrown.
    """
    switch.require_open(home, "sends")
    release = _release(home, release_id)
    run = Run(home, day, policy=_policy_name(home, release))
    policy = load(run.policy, day)
    _check_day(release, policy, day)
    place = Place(home, day, release.release_id, wave, channel)
    with locked(home / send_files.SENDS / ".lock", LOCK_WAIT_SECONDS, "sends", SendRefused):
        place.folder.parent.chmod(0o700)
        deliveries = fresh.take_in(run, release.currency, told)
        head = _head(place, release, policy, deliveries)
        before = place.revisions()
        former = send_files.manifest(before[-1]) if before else None
        if former is not None and former["inputs"] == head["inputs"]:
            return Sent(before[-1], former, False)
        decided = _decide(run, place, policy, deliveries, before, told)
        switch.require_open(home, "sends")
        folder, said = send_files.write(place, decided,
                                        send_files.push_columns(release.currency), head)
    return Sent(folder, said, True)


def _decide(run: Run, place: Place, policy: Policy, deliveries: fresh.Deliveries,
            before: list[Path], told: Progress) -> Decided:
    told("starting the engine", 0, None)
    spark = session()
    rows = fresh.wave_rows(spark, warehouse.data_files(run.home, "whitelist", place.release_id),
                           place.wave)
    wave: pa.Table = rows.toArrow()
    if not wave.num_rows:
        highest = rows.sparkSession.read.parquet(*map(str, warehouse.data_files(
            run.home, "whitelist", place.release_id))).agg(F.max("wave")).collect()[0][0]
        raise SendRefused(f"--wave {place.wave}", f"a wave from 1 to {highest or 0} of "
                          f"{place.release_id}", "no row", "see the columns wave and send_on of: "
                          "nightlist whitelist")
    told("reading consents, opt-outs and suppressions", 0, None)
    found = fresh.look(spark, run, rows.select("user_id"), deliveries, policy)
    days = max([policy.offer_valid_days, *(cap.days for cap in policy.campaign.frequency_caps)])
    files, today = send_files.earlier(place, days)
    known = Known(found.failing, found.closed, pa.concat_tables([found.invited, files]),
                  send_files.dropped_before(before[-1]) if before else {})
    told("deciding", 0, None)
    decided = decide(wave, known, policy.campaign, place.day)
    if place.channel:
        decided = of_channel(decided, wave, place.channel)
    _check_capacity(policy, place.day, today, decided.sent.num_rows)
    return decided


def _release(home: Path, release_id: str | None) -> Release:
    if release_id is None:
        return warehouse.current(home)
    release = warehouse.named(home, release_id)
    if is_history(warehouse.history(home), release_id):
        raise SendRefused(f"--release {release_id}", "a release that a night published", "one that "
                          "a backfill wrote into the history", "a backfill invites nobody: leave "
                          "--release out to send the one in force")
    try:
        standing = warehouse.current(home, release.as_of_date).release_id
    except ReleaseError as error:  # all of that night were withdrawn
        standing = error.found
    if standing != release_id:
        raise SendRefused(f"--release {release_id}", f"the release that stands for "
                          f"{release.as_of_date}", standing, "its list was taken back: leave "
                          "--release out to send the one in force")
    return release


def _policy_name(home: Path, release: Release) -> str:
    name = policy_name(home, release)
    if not name:
        run = release.run(home)
        raise SendRefused(f"nights/{run.as_of}/{run.run_id}/{RUN_FILE}", "the run of the release, "
                          "which names its policy", "none", "restore it, or send a newer release")
    return name


def _check_day(release: Release, policy: Policy, day: dt.date) -> None:
    first = release.as_of_date + dt.timedelta(days=1)
    if policy.currency != release.currency:
        raise SendRefused(f"policy {policy.name}", f"amounts in {release.currency}, as in "
                          f"{release.release_id}", policy.currency, "mend the policy")
    if day < first:
        raise SendRefused("--on", f"a day from {first}, the first of {release.release_id}",
                          str(day), "wait until then")
    if policy.campaign.is_quiet(day):
        raise SendRefused("--on", f"a day on which the policy {policy.name} {policy.version} "
                          "lets send", f"{day}, a quiet day", "send it on the next day")


def _check_capacity(policy: Policy, day: dt.date, today: int, sent: int) -> None:
    capacity = policy.campaign.daily_capacity
    if capacity is not None and today + sent > capacity:
        raise SendRefused(f"sends/{day}", f"at most {capacity:,} invitations a day, as the policy "
                          f"{policy.name} {policy.version} says", f"{today:,} in files of the day "
                          f"and {sent:,} more", "send this wave on another day")


def _head(place: Place, release: Release, policy: Policy,
          deliveries: fresh.Deliveries) -> dict[str, Any]:
    """What the manifest says of where the file comes from; `inputs` is its fingerprint."""
    head: dict[str, Any] = {
        "release_id": release.release_id, "wave": place.wave, "on": place.day.isoformat(),
        "channel": place.channel or None,
        "policy": {"name": policy.name, "version": policy.version, "sha256": policy.sha256},
        "recheck": list(policy.campaign.recheck),
        "deliveries": [{key: row[key] for key in ("feed", "delivery", "fingerprint")}
                       for rows in deliveries.values() for row in rows]}
    return {**head, "inputs": store.fingerprint(head)}
