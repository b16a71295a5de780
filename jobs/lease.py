"""A lock in an object store: an object that one process holds and keeps renewing.

A disk's lock ends with its holder; an object does not. So the holder writes it anew every
`RENEW_SECONDS`, and who finds it the same for `LEASE_SECONDS` by the own clock takes it over: no
two clocks are compared. Taking, renewing and taking over are conditional puts (`If-None-Match`,
`If-Match`), of which the store lets one through. A holder that was stopped for longer than that
finds out at the end of its work and fails. What it may do meanwhile is little: the pointer moves in
a commit of the catalogue, which lets one through; a folder comes under a lease of its own, and only
one that was stopped in the middle of that copy could add to what its heir has copied anew.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from typing import Any

from jobs.errors import NightlistError

#: How long a lease holds after its holder's last word, and how often that is said, seconds.
LEASE_SECONDS, RENEW_SECONDS = 60.0, 10.0
#: How often a waiting process looks.
_LOOK_SECONDS = 0.5
#: Stores (buckets) that were seen to refuse a second put.
_PROVEN: set[str] = set()


class Lease:
    """The lease of one object.

    Attributes:
        was_left: Whether another holder had died with it: what it guards may be half done.
    """

    def __init__(self, fs: Any, path: str) -> None:
        """Name the object; nothing is asked of the store yet.

        Args:
            fs: An `s3fs.S3FileSystem`.
            path: `bucket/key`.
        """
        self.was_left = False
        self._fs = fs
        self._where = dict(zip(("Bucket", "Key"), path.split("/", 1), strict=True))
        self._etag, self._number, self._renewed = "", 0, 0.0
        self._holder = uuid.uuid4().hex
        self._ended, self._is_lost = threading.Event(), False
        self._renewing = threading.Thread(target=self._renew, daemon=True)

    def take(self, wait_seconds: float) -> bool:
        """Take the lease; false where another holder kept it all the time.

        Raises:
            NightlistError: When the store does not know conditional puts: it has no locks.
        """
        deadline = time.monotonic() + wait_seconds
        seen, since = "", time.monotonic()
        while not self._put(IfNoneMatch="*"):
            now, found = time.monotonic(), self._found()
            if found != seen:
                seen, since = found, now
            elif found and now - since >= LEASE_SECONDS and self._put(IfMatch=found):
                self.was_left = True
                break
            if now >= deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        self._prove()
        self._renewing.start()
        return True

    def release(self) -> None:
        """Give it back.

        Raises:
            NightlistError: When it was lost meanwhile: another process may have been at work.
        """
        if not self.end():
            raise NightlistError(str(self._where["Key"]), "the lease held to the end", "lost to "
                                 "another process", "run it again: this process was stopped for "
                                 f"longer than {LEASE_SECONDS:.0f} s")

    def end(self) -> bool:
        """Give it back where it is still held; whether it was."""
        self.leave()
        is_fresh = time.monotonic() - self._renewed < LEASE_SECONDS / 2
        if self._is_lost or not is_fresh and self._found() != self._etag:
            return False
        self._fs.call_s3("delete_object", **self._where)
        return True

    def leave(self) -> None:
        """Stop renewing and let the object stand, as a crash would."""
        self._ended.set()
        self._renewing.join()

    def _put(self, **condition: str) -> bool:
        """Put the object on a condition; whether the store took it."""
        self._number += 1
        said = json.dumps({"holder": self._holder, "host": socket.gethostname(),
                           "pid": os.getpid(), "number": self._number})
        try:
            answer = self._fs.call_s3("put_object", Body=said.encode(), **self._where, **condition)
        except OSError as error:
            if _refused(error):
                return False
            raise
        self._etag, self._renewed = answer["ETag"], time.monotonic()
        return True

    def _found(self) -> str:
        """The ETag of the object as it is; empty where there is none."""
        try:
            return str(self._fs.call_s3("head_object", **self._where)["ETag"])
        except FileNotFoundError:
            return ""

    def _prove(self) -> None:
        """A store that ignores the condition would let everybody in: look once."""
        bucket = self._where["Bucket"]
        if bucket in _PROVEN:
            return
        if self._put(IfNoneMatch="*"):
            raise NightlistError(f"s3://{bucket}", "a store that refuses a put with "
                                 "If-None-Match where the object is there", "one that takes it",
                                 "use a store with conditional writes: without them two nights "
                                 "cannot be kept apart")
        _PROVEN.add(bucket)

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_SECONDS):
            try:
                if not self._put(IfMatch=self._etag):
                    self._is_lost = True
                    return
            except OSError:  # the store does not answer: it may before the lease is over
                if time.monotonic() - self._renewed > LEASE_SECONDS:
                    self._is_lost = True
                    return


def _refused(error: OSError) -> bool:
    """Whether the store answered that the condition does not hold, or that another put won."""
    code = str(getattr(error.__cause__, "response", {}).get("Error", {}).get("Code", ""))
    return code in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409", "NoSuchKey",
                    "404")
