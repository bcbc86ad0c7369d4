"""Processes that wait for each other; here two ends of the sockets in one process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from paddlevideo.utils.meeting import Meeting


@pytest.fixture
def pair() -> Iterator[tuple[Meeting, Meeting]]:
    with socket.socket() as taken:  # the launcher's port, which another took meanwhile
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
        main, other = (Meeting(rank, 2, endpoint) for rank in range(2))
        assert main.port and other.port is None
        thread = threading.Thread(target=main.join, args=[main.port])
        thread.start()
        other.join(main.port)
        thread.join()
        yield main, other


def test_nobody_leaves_before_everybody_is_there(pair: tuple[Meeting, Meeting]) -> None:
    for early, late in (pair, pair[::-1]):
        left = threading.Event()
        thread = threading.Thread(target=lambda early=early, left=left: (early.wait(), left.set()))
        thread.start()
        assert not left.wait(0.1)
        late.wait()
        assert left.wait(10)
        thread.join()


def test_the_others_can_ask_whether_the_main_one_is_there(pair: tuple[Meeting, Meeting]) -> None:
    main, other = pair
    other.check_main()
    thread = threading.Thread(target=other.wait)
    thread.start()
    main.check_main()  # the other's "here" is no sign that it has left
    main.wait()
    thread.join()
    other.check_main()
    main._others[0].close()
    with pytest.raises((EOFError, OSError)):
        other.check_main()


def test_the_others_learn_at_once_that_one_is_gone(pair: tuple[Meeting, Meeting]) -> None:
    for gone, waiting in (pair, pair[::-1]):
        for connection in gone._others:
            connection.close()
        with pytest.raises((EOFError, OSError)):
            waiting.wait()
