"""One holder at a time, also where no system frees a dead holder's lock."""

import threading
import time

import pytest

from jobs import lease
from jobs.errors import NightlistError, ReleaseError
from jobs.lease import Lease
from jobs.lock import locked


@pytest.fixture()
def lock(store_home, monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.2)
    return store_home / ".lock"


def lease_of(lock):
    return Lease(lock.fs, lock.path)


def test_of_many_who_want_it_at_once_one_is_in_at_a_time(lock):
    inside, most, done = [], [], []

    def work(name):
        with locked(lock, 60, "the work"):
            inside.append(name)
            most.append(len(inside))
            time.sleep(0.05)
            inside.remove(name)
        done.append(name)
    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == [0, 1, 2, 3] and set(most) == {1}
    assert not lock.exists()


def test_who_waits_in_vain_is_told_and_a_holder_at_work_keeps_it_beyond_its_time(lock):
    with locked(lock, 0, "warehouse", ReleaseError):
        with pytest.raises(ReleaseError, match="warehouse: expected no other process at work"):
            with locked(lock, 2.5, "warehouse", ReleaseError):
                pass
    with locked(lock, 0, "warehouse", ReleaseError):
        pass


def test_a_dead_holder_is_given_up_when_its_lease_has_run_out(lock):
    dead = lease_of(lock)
    assert dead.take(0)
    dead.leave()
    start, heir = time.monotonic(), lease_of(lock)
    assert heir.take(10) and heir.was_left
    assert 1.0 <= time.monotonic() - start < 5
    heir.release()
    assert not lock.exists()


def test_a_holder_that_was_stopped_too_long_fails_at_the_end_and_leaves_the_other_alone(lock):
    with pytest.raises(NightlistError, match="lost to another process"):
        with locked(lock, 0, "the work"):
            heir = lease_of(lock)
            assert heir._put(IfMatch=heir._found()), "as if the lease had run out"
            time.sleep(0.5)  # the next renewal finds it
    assert lock.is_file()


def test_what_fails_inside_is_what_is_raised_and_frees_the_lock(lock):
    with pytest.raises(ZeroDivisionError), locked(lock, 0, "the work"):
        1 / 0
    assert not lock.exists()


def test_a_store_without_conditional_puts_is_refused(lock, monkeypatch):
    monkeypatch.setattr(lease, "_PROVEN", set())
    fs = lock.fs

    class Careless:
        def call_s3(self, method, IfNoneMatch=None, **more):
            return fs.call_s3(method, **more)
    with pytest.raises(NightlistError, match="a store that refuses a put with If-None-Match"):
        Lease(Careless(), lock.path).take(0)
