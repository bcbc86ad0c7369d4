"""Log lines."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from paddlevideo.utils.log import set_up_logging


def test_lines_go_to_stderr_and_the_file_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = logging.getLogger("paddlevideo")
    before = package.level, package.propagate, list(package.handlers)
    try:
        set_up_logging(file=tmp_path / "a" / "log.txt")
        set_up_logging(file=tmp_path / "a" / "log.txt")  # a second call replaces the handlers
        logging.getLogger("paddlevideo.some.module").info("loss %s", 0.5)
        captured = capsys.readouterr()
        assert captured.err.count("loss 0.5") == 1
        assert captured.out == ""
        assert (tmp_path / "a" / "log.txt").read_text().endswith("] loss 0.5\n")
    finally:
        for handler in package.handlers:
            handler.close()
        package.level, package.propagate, package.handlers = before
