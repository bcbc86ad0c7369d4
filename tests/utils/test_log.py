"""Log lines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from paddlevideo.utils.log import set_up_logging


@pytest.fixture(autouse=True)
def package() -> Iterator[logging.Logger]:
    """The package's logger, put back afterwards as it was."""
    package = logging.getLogger("paddlevideo")
    before = package.level, package.propagate, list(package.handlers)
    yield package
    for handler in package.handlers:
        handler.close()
    package.propagate, package.handlers = before[1:]
    package.setLevel(before[0])


def test_lines_go_to_stderr_and_the_file_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(file=tmp_path / "a" / "log.txt")
    set_up_logging(file=tmp_path / "a" / "log.txt")  # a second call replaces the handlers
    logging.getLogger("paddlevideo.some.module").info("loss %s", 0.5)
    captured = capsys.readouterr()
    assert captured.err.count("loss 0.5") == 1
    assert captured.out == ""
    assert (tmp_path / "a" / "log.txt").read_text().endswith("] loss 0.5\n")


def test_a_line_and_its_end_come_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """A SIGTERM between the two would put "terminated" behind the line, not below it."""
    written: list[str] = []
    stream = StringIO()
    monkeypatch.setattr(stream, "write", written.append)
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logging()
    logging.getLogger("paddlevideo.some.module").info("loss 0.5")
    assert [text.endswith("] loss 0.5\n") for text in written if "loss" in text] == [True]


def test_a_rank_above_0_shows_its_warnings_alone_and_writes_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDLE_TRAINER_ID", "1")
    set_up_logging(file=tmp_path / "log.txt")
    logger = logging.getLogger("paddlevideo.some.module")
    logger.info("loss %s", 0.5)
    logger.warning("an object vanished")
    assert capsys.readouterr().err.endswith("] rank 1: an object vanished\n")
    assert not (tmp_path / "log.txt").exists()
    logger.info("more")
    assert capsys.readouterr().err == ""
