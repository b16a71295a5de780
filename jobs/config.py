"""What a night is started with: the home folder and the run.

A default stands here once; the command line and the DAG both take it from here.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from jobs import lake
from jobs.errors import UsageError

DEFAULT_HOME = "var"
#: The record of a run, in its folder.
RUN_FILE = "run.json"
#: Key in it: the hashes of the tables that passed the audit gate; only these are released.
AUDIT = "audit"
#: In the frozen inputs under `models`: nothing to score with, or one trained in the run itself.
NO_MODEL, TRAINED = "none", "trained"
#: The model that the rules and the tiers ask for: a night without it publishes nothing.
DECIDING_MODEL = "pd"
DEFAULT_SEED = 7
DEFAULT_USERS = 20_000
MOST_USERS, HIGHEST_SEED = 100_000_000, 2**31 - 1
#: Nights: feeds hold no event before the first day; offers end before the calendar does.
FIRST_DAY, LAST_DAY = dt.date(1990, 1, 1), dt.date(2199, 12, 31)
#: A person's segment: whether the bureau knows them.
SEGMENTS = ("thick_file", "thin_file")
#: Characters that an engine or a file's address reads as something else.
_PATTERNS = "[]{}*?#\n"
#: Where feeds come from; `landing` means they are there already.
FEED_SOURCES = ("simulated", "uci", "cmb", "card-approval", "landing")
#: The product policy that belongs to a source, unless the command names another.
DEFAULT_POLICY = {"simulated": "wallet_loan_cny", "uci": "card_holder_loan_twd",
                  "cmb": "bank_customer_loan_cny", "card-approval": "card_applicant_loan_cny",
                  "landing": "wallet_loan_cny"}


def home_folder(given: str | None = None) -> Path:
    """`--home`, else `NIGHTLIST_HOME`, else ./var; always absolute, or `s3://bucket/prefix`.

    Raises:
        UsageError: For a file, or a path with characters that engines take for a pattern.
    """
    name = given or os.environ.get("NIGHTLIST_HOME") or DEFAULT_HOME
    try:
        if name.startswith(lake.S3):
            return _in_a_store(name)
        home = Path(name).expanduser().resolve()
    except (RuntimeError, OSError, ValueError) as error:
        raise UsageError(f"--home {name!r}", "a folder", str(error), "give another") from None
    if odd := sorted(set(str(home)) & set(_PATTERNS)):
        raise UsageError(f"--home {name!r}", "a path that engines do not take for a pattern",
                         " ".join(map(repr, odd)), "use a folder of another name")
    if home.exists() and not home.is_dir():
        raise UsageError(f"--home {name!r}", "a folder", "a file", "give another")
    return home


def _in_a_store(name: str) -> Path:
    """A home in an object store: a folder of a bucket, never the bucket itself.

    Raises:
        UsageError: As `home_folder`.
    """
    parts = name.removeprefix(lake.S3).rstrip("/").split("/")
    if len(parts) < 2 or not all(parts) or {".", ".."} & set(parts):
        raise UsageError(f"--home {name!r}", "s3://bucket/prefix", "something else",
                         "name a bucket and a folder in it")
    if odd := sorted(set("".join(parts)) & {*_PATTERNS, "'", "%", "@", ":", " "}):
        raise UsageError(f"--home {name!r}", "letters, digits, dashes and dots",
                         " ".join(map(repr, odd)), "use another prefix; rights and address come "
                         "from the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...)")
    return lake.place(lake.S3 + "/".join(parts))


def as_of_date(text: str, option: str = "--as-of") -> dt.date:
    """The as-of date from ISO text, given as an option of that name.

    Raises:
        UsageError: When the text is not a date, or none that a night can have.
    """
    try:
        day = dt.date.fromisoformat(text)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise UsageError(option, f"a date from {FIRST_DAY} to {LAST_DAY}", text,
                             "give another date")
        return day
    except ValueError:
        raise UsageError(option, "a date like 2026-06-30", repr(text),
                         "give the date as YYYY-MM-DD") from None


def number(given: int, option: str, low: int, high: int) -> int:
    """A number within its bounds, both included.

    Raises:
        UsageError: When it is not.
    """
    if not low <= given <= high:
        raise UsageError(option, f"at least {low}, at most {high:,}", str(given),
                         "give another number")
    return given


def seed(given: int) -> int:
    """A seed that the simulated city and training take.

    Raises:
        UsageError: When it is none.
    """
    return number(given, "--seed", 0, HIGHEST_SEED)


@dataclass(frozen=True)
class Training:
    """What a training run is for.

    Attributes:
        segment: Learn from the people of this segment only; empty: from everyone.
        only: Names of the models to train; empty: all.
    """

    segment: str = ""
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Backfill:
    """What tells the computation of a past night from the night itself; no input of it.

    Attributes:
        supersede: Why the list that was published for the date is to be replaced in the history;
            empty: it is not.
        by: Who decided it; empty: the user of the system.
    """

    supersede: str = ""
    by: str = ""


@dataclass(frozen=True)
class Run:
    """One night's run as its steps see it; or a training run's, which ends with candidates.

    Attributes:
        home: The root of everything that is written.
        as_of: The night's date: only what was delivered by then is seen.
        source: One of FEED_SOURCES.
        data: Folder of the real files, for an adapter.
        users: Size of the simulated city.
        seed: Of the simulated city and of training.
        policy: Name of the product policy.
        models: Models to score with, each `NAME/VERSION` or its folder, before any champion.
        run_id: Fingerprint of the frozen inputs; empty before the step `freeze`.
        training: What to train without a night; None in a night.
        backfill: Of a past night that is computed for the history and invites nobody; None in a
            night. Not part of the run's id: the same inputs are the same run.
    """

    home: Path
    as_of: dt.date
    source: str = "landing"
    data: Path | None = None
    users: int = DEFAULT_USERS
    seed: int = DEFAULT_SEED
    policy: str = DEFAULT_POLICY["landing"]
    models: tuple[str, ...] = ()
    run_id: str = ""
    training: Training | None = None
    backfill: Backfill | None = None

    @property
    def date_folder(self) -> Path:
        """`nights/<as_of>`, or `trainings/<as_of>` where nothing is to be published."""
        kind = "trainings" if self.training else "nights"
        return self.home / kind / self.as_of.isoformat()

    @property
    def folder(self) -> Path:
        """`nights/<as_of>/<run_id>`.

        Raises:
            UsageError: Before the inputs were frozen.
        """
        if not self.run_id:
            raise UsageError(f"nights/{self.as_of}", "frozen inputs", "none",
                             f"run the step first: nightlist run freeze --as-of {self.as_of}")
        return self.date_folder / self.run_id

    @property
    def release_id(self) -> str:
        """Date and run in one name, the same for every replay of the run."""
        return f"{self.as_of.isoformat()}-{self.run_id}"
