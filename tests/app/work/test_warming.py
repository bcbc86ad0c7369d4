"""The model is made ready before the first stroke: for the usual size, then once for each size that is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paddlevideo.app.service import Service
from paddlevideo.app.work.warming import USUAL, Warming
from tests.app.toy import Colours, session_maker, settings


class Recorded:
    """Warms up in two steps and notes for which sizes."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []
        self.told: list[tuple[int, int]] = []

    def steps(self, size: tuple[int, int]) -> Iterator[None]:
        self.sizes.append(size)
        if size == (1, 1):
            raise RuntimeError("a broken network")
        yield from (None, None)


def test_each_size_is_warmed_up_for_once() -> None:
    noted = Recorded()
    warming = Warming(noted.steps, 2, lambda done, total: noted.told.append((done, total)))
    assert warming.progress is None
    while warming.step([]):
        pass
    assert noted.sizes == [USUAL] and noted.told == [(1, 2), (2, 2), (2, 2)]
    assert warming.step([USUAL, (9, 9)]) and warming.progress == (1, 2)
    while warming.step([(9, 9), (7, 7)]):
        pass
    assert noted.sizes == [USUAL, (9, 9), (7, 7)] and warming.progress is None


def test_the_usual_size_is_left_out_where_there_is_a_video() -> None:
    noted = Recorded()
    warming = Warming(noted.steps, 2, lambda done, total: None)
    while warming.step([(9, 9)]):
        pass
    assert noted.sizes == [(9, 9)]


def test_a_failure_is_for_the_stroke_to_tell() -> None:
    noted = Recorded()
    warming = Warming(noted.steps, 2, lambda done, total: noted.told.append((done, total)))
    assert warming.step([(1, 1)]) and noted.told == [(2, 2)]
    assert not warming.step([(1, 1)])


def test_a_server_warms_up_by_itself_unless_a_stroke_is_being_drawn(tmp_path: Path) -> None:
    noted = Recorded()
    service = Service(settings(tmp_path), session_maker(Colours()), (noted.steps, 2))
    service.ahead.hold()
    assert not service.ahead.step() and not noted.sizes
    free = Service(settings(tmp_path), session_maker(Colours()), (noted.steps, 2))
    assert free.ahead.step() and noted.sizes == [USUAL]
