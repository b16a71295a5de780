"""The kill switch: while it is thrown nothing is published, served or sent.

Output: `<home>/publication/NNNNNN.json`, one file a throw, never changed: who, when, why. The
newest one says how it stands. A rollback stays allowed: it takes away.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from jobs import store
from jobs.errors import PublicationStopped, UsageError
from jobs.lock import locked
from jobs.release.approval import signed

FOLDER, STOP, RESUME = "publication", "stop", "resume"
#: How long to wait for somebody else at the switch, in seconds.
LOCK_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Throw:
    """One use of the switch.

    Attributes:
        action: STOP or RESUME.
        by: Who did it.
        reason: Why.
        at: When, ISO 8601 in UTC.
    """

    action: str
    by: str
    reason: str
    at: str

    @property
    def told(self) -> str:
        """In words."""
        return f"by {self.by} on {self.at[:16].replace('T', ' ')} UTC: {self.reason}"


def history(home: Path) -> list[Throw]:
    """Every use of the switch, oldest first."""
    return [Throw(**store.read_json(path)) for path in sorted((home / FOLDER).glob("*.json"))]


def stopped(home: Path) -> Throw | None:
    """The throw that holds publication up; None where nothing does."""
    known = history(home)
    return known[-1] if known and known[-1].action == STOP else None


def require_open(home: Path, where: str) -> None:
    """Refuse to publish while the switch is thrown.

    Raises:
        PublicationStopped: Naming who threw it, and why.
    """
    if (throw := stopped(home)) is not None:
        raise PublicationStopped(
            where, "publication that nobody stopped", f"stopped {throw.told}", "when the reason is "
            "gone: nightlist resume-publication --by NAME --reason TEXT, and run this step again")


def stop(home: Path, by: str, reason: str) -> Throw:
    """Stop all publication, at once; again where it is stopped already.

    Raises:
        UsageError: Without a name or a reason.
    """
    return _thrown(home, STOP, by, reason)


def resume(home: Path, by: str, reason: str) -> Throw:
    """Let publication go on.

    Raises:
        UsageError: Without a name or a reason, or where it is not stopped.
    """
    return _thrown(home, RESUME, by, reason)


def _thrown(home: Path, action: str, by: str, reason: str) -> Throw:
    throw = Throw(action, **signed(by, reason))
    with locked(home / FOLDER / ".lock", LOCK_WAIT_SECONDS, "publication"):
        if action == RESUME and stopped(home) is None:
            raise UsageError("publication", "stopped", "not stopped", "there is nothing to resume")
        store.write_json(asdict(throw), home / FOLDER / f"{len(history(home)) + 1:06d}.json")
    return throw
