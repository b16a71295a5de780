"""The files that are sent: who is in them, what was dropped, and which went before.

Output: `<home>/sends/<DATE>/<release>-wave-W[-CHANNEL][.N]/` with `push.csv`, `dropped.csv` and
`_manifest.json`, staged and renamed, for their owner's eyes only. A file is never changed: newer
knowledge makes the revision `.2` beside it, which replaces it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from jobs import lake, store
from jobs.campaign.send import DROPPED, SENT_SCHEMA, Decided
from jobs.errors import SendRefused
from jobs.expressions import counted
from jobs.show import as_csv, private

SENDS, PUSH_FILE, DROPPED_FILE, MANIFEST = "sends", "push.csv", "dropped.csv", "_manifest.json"
_FOLDER_MODE = 0o700
_REVISION = re.compile(r"(?P<base>.+-wave-[0-9]+(?:-[a-z_]+)?)(?:\.(?P<number>[0-9]+))?")


@dataclass(frozen=True)
class Place:
    """Where the file of a wave lies, whatever its revision."""

    home: Path
    day: dt.date
    release_id: str
    wave: int
    channel: str = ""

    @property
    def base(self) -> str:
        """Name of its first revision."""
        return f"{self.release_id}-wave-{self.wave}" + (f"-{self.channel}" if self.channel else "")

    @property
    def folder(self) -> Path:
        """That of the day."""
        return self.home / SENDS / self.day.isoformat()

    def revisions(self) -> list[Path]:
        """Those there are, oldest first."""
        found = [(int(match["number"] or 1), path) for path in _written(self.folder)
                 if (match := _REVISION.fullmatch(path.name)) and match["base"] == self.base]
        return [path for _, path in sorted(found)]


def push_columns(currency: str) -> list[str]:
    """What a sender needs, and nothing else."""
    return ["user_id", "offer_id", "channel", "language", f"limit_{currency.lower()}",
            "rate_daily", "rate_annual", "all_in_cost_annual", "valid_to", "message_variables",
            "release_id"]


def earlier(place: Place, days: int) -> tuple[pa.Table, int]:
    """What other files hold: SENT_SCHEMA of the last days, and how many offers are the day's.

    Of each file all revisions count: any of them may have been sent.

    Args:
        place: Its own files are left out.
        days: How far back.
    """
    parts: list[pa.Table] = [SENT_SCHEMA.empty_table()]
    today: set[str] = set()
    first = place.day - dt.timedelta(days=days)
    for folder in sorted((place.home / SENDS).glob("[0-9]*")):
        day = dt.date.fromisoformat(folder.name)
        for path in _written(folder) if day >= first else []:
            match = _REVISION.fullmatch(path.name)
            if day == place.day and match and match["base"] == place.base:
                continue
            rows = _read(path / PUSH_FILE, "user_id", "offer_id")
            parts.append(rows.append_column("sent_on", pa.repeat(pa.scalar(day), len(rows))))
            today |= set(rows["offer_id"].to_pylist()) if day == place.day else set()
    return pa.concat_tables(parts), len(today)


def manifest(folder: Path) -> dict[str, Any]:
    """What a folder says of itself.

    Raises:
        SendRefused: When its files are not what it says.
    """
    said: dict[str, Any] = store.read_json(folder / MANIFEST, {})
    for file in said.get("files", [{"name": PUSH_FILE, "sha256": ""}]):
        path = folder / file["name"]
        if not path.is_file() or store.file_sha256(path) != file["sha256"]:
            raise SendRefused(f"{SENDS}/{folder.parent.name}/{folder.name}/{file['name']}",
                              "the file as it was written", "another one or none",
                              "restore it: who was sent what must stay known")
    return said


def dropped_before(folder: Path) -> dict[str, str]:
    """Offer -> reason, of a revision."""
    rows = _read(folder / DROPPED_FILE, "offer_id", "reason")
    return dict(zip(rows["offer_id"].to_pylist(), rows["reason"].to_pylist()))


def write(place: Place, decided: Decided, columns: list[str],
          head: Mapping[str, Any]) -> tuple[Path, dict[str, Any]]:
    """Write the next revision, and return its folder and manifest.

    Args:
        place: Where.
        decided: What.
        columns: Of the push file.
        head: What the manifest says beside counts and hashes.
    """
    before = place.revisions()
    number = len(before) + 1
    folder = place.folder / (place.base + (f".{number}" if before else ""))
    staged = folder.with_name(f".tmp-{folder.name}")
    lake.remove(staged)
    for one in (place.home / SENDS, place.folder, staged):
        one.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    files = []
    for name, rows in ((PUSH_FILE, decided.sent.select(columns)),
                       (DROPPED_FILE, decided.dropped.select(list(DROPPED)))):
        with private(staged / name) as stream:
            stream.write(as_csv(rows).encode("utf-8"))
        files.append({"name": name, "rows": rows.num_rows,
                      "sha256": store.file_sha256(staged / name)})
    said = {**head, "revision": number, "replaces": before[-1].name if before else None,
            "planned": decided.sent.num_rows + decided.dropped.num_rows,
            "sent": dict(sorted(counted(decided.sent["channel"]).items())),
            "dropped": dict(sorted(counted(decided.dropped["reason"]).items())), "files": files}
    with private(staged / MANIFEST) as stream:
        stream.write((store.canonical(said, indent=2) + "\n").encode("utf-8"))
    lake.arrive(staged, folder)
    return folder, said


def _written(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[!.]*") if (path / MANIFEST).is_file())


def _read(path: Path, *columns: str) -> pa.Table:
    """Columns of a file of ours, as text."""
    return pa.csv.read_csv(
        path.open("rb"), parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            include_columns=list(columns), column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=False))
