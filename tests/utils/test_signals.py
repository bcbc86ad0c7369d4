"""The first signal sets a flag; what comes after it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

import main
from paddlevideo.utils.errors import Terminated
from paddlevideo.utils.signals import StopSignals, raise_on_termination


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, also where the tests were started in the background and it would be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_only_sets_the_flag(number: int) -> None:
    before = signal.getsignal(number)
    with StopSignals() as stop:
        assert stop.received is None and stop.agreed() is None
        send(number)
        assert stop.received == number and stop.agreed() == number
    assert signal.getsignal(number) == before


def test_further_terminations_do_nothing() -> None:
    with StopSignals() as stop:
        for _ in range(3):  # as Paddle's launcher sends them
            send(signal.SIGTERM)
        assert stop.received == signal.SIGTERM


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_a_second_ctrl_c_interrupts(first: int) -> None:
    with StopSignals() as stop:
        send(first)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
        assert stop.received == first


def test_outside_the_main_thread_nothing_is_caught() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def work() -> None:
        with StopSignals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_termination_is_raised_and_cleaned_up_after() -> None:
    before = signal.getsignal(signal.SIGTERM)
    cleaned = False
    try:
        raise_on_termination()
        with pytest.raises(Terminated):
            try:
                send(signal.SIGTERM)
            finally:
                cleaned = True
    finally:
        signal.signal(signal.SIGTERM, before)
    assert cleaned


def test_the_command_line_ends_with_143_and_one_line(monkeypatch, capsys) -> None:
    def terminated(args: object) -> None:
        raise Terminated

    monkeypatch.setattr(main, "run", terminated)
    assert main.main(["--infer", "-c", "any.yaml"]) == 143
    assert capsys.readouterr().err == "terminated\n"
