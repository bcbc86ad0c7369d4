"""Jobs of many people take turns."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator

import pytest

from paddlevideo.app.errors import AppError
from paddlevideo.app.work.worker import Job, Worker
from paddlevideo.utils.errors import InputError


def _steps(name: str, count: int, log: list[str], ready: threading.Event | None = None) -> Iterator[None]:
    for _ in range(count):
        if ready:
            ready.wait(10)
        log.append(name)
        yield


def _worker(long_jobs: int = 3) -> Worker:
    return Worker("test", long_jobs)


def test_people_take_turns_whatever_they_have_asked_for() -> None:
    worker, log = _worker(), []
    jobs = [Job("propagate", "ann", f"a{n}", _steps("a", 4, log)) for n in range(2)]
    jobs.append(Job("propagate", "bob", "b", _steps("b", 4, log)))
    for job in jobs:
        worker.submit(job)
    worker.start()
    for job in jobs:
        job.result(10)
    worker.close()
    assert "".join(log[:8]) == "abababab" and log.count("a") == 8


def test_the_projects_of_one_person_take_turns() -> None:
    worker, log = _worker(), []
    jobs = [Job("answer", "ann", project, _steps(project, 4, log)) for project in "ab"]
    jobs.append(Job("propagate", "ann", "c", _steps("c", 4, log)))
    for job in jobs:
        worker.submit(job)
    worker.start()
    for job in jobs:
        job.result(10)
    worker.close()
    assert "".join(log) == "abcabcabcabc"


def test_an_answer_comes_before_the_next_frame() -> None:
    worker, log, ready = _worker(), [], threading.Event()
    long = worker.submit(Job("propagate", "ann", "a", _steps("a", 5, log, ready)))
    worker.start()
    answer = worker.submit(Job("answer", "bob", "b", _steps("b", 1, log)))
    ready.set()
    answer.result(10)
    long.result(10)
    worker.close()
    assert log.index("b") <= 1


def test_those_who_wait_know_their_place() -> None:
    worker, log = _worker(long_jobs=1), []
    jobs = [Job("propagate", owner, owner + str(n), _steps(owner, 1, log)) for n, owner in enumerate(("a", "a", "b"))]
    for job in jobs:
        worker.submit(job)
    assert [job.position for job in jobs] == [0, 2, 1]
    worker.start()
    for job in jobs:
        job.result(10)
    worker.close()
    assert log == ["a", "b", "a"]


def test_a_paused_job_lets_others_by_and_a_cancelled_one_ends() -> None:
    worker, log = _worker(long_jobs=1), []
    first, second = (worker.submit(Job("propagate", name, name, _steps(name, 3, log))) for name in "ab")
    worker.pause(first, True)
    worker.start()
    second.result(10)
    assert log == ["b"] * 3 and not first.finished.is_set()
    worker.cancel("a")
    first.result(10)
    worker.close()
    assert log == ["b"] * 3


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (InputError("no"), "bad_input"),
        (KeyError("x"), "internal"),
        (OSError(errno.ENOSPC, "no room"), "disk_full"),
    ],
)
def test_what_goes_wrong_is_told_and_the_worker_goes_on(raised: Exception, code: str) -> None:
    def fail() -> Iterator[None]:
        yield
        raise raised

    worker, log = _worker(), []
    worker.start()
    with pytest.raises(AppError) as caught:
        worker.submit(Job("answer", "a", "a", fail())).result(10)
    assert caught.value.code == code
    worker.submit(Job("answer", "a", "a", _steps("a", 1, log))).result(10)
    worker.close()
    assert log == ["a"]
    with pytest.raises(AppError, match="shutting down"):
        worker.submit(Job("answer", "a", "a", iter(())))


def test_the_page_hears_how_a_job_goes_on_and_how_it_ends() -> None:
    job = Job("export", "ann", "a", iter(()), total=3)
    job.done = 2
    assert job.event() == {**job.document(), "rate": None} and job.event()["done"] == 2
    job.finished.set()
    assert job.event()["finished"] and not job.event()["cancelled"] and "url" not in job.event()
    job.url = "/somewhere"
    assert job.event()["url"] == "/somewhere"
    job.error = AppError("disk_full")
    assert job.event() == {"kind": "export", "failed": job.error.document()["error"]}
