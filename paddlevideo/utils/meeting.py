"""A barrier without a clock. gloo's collectives give up after 30 seconds, and Paddle offers no way to change that."""

from __future__ import annotations

from multiprocessing.connection import Client, Connection, Listener


class Meeting:
    """Lets the processes of a run wait for each other over plain sockets, for as long as it takes.

    Rank 0 opens its door when it is made; once every process knows its `port`, all call `join`, and then `wait` at
    each barrier. When a process is gone the others learn it at once, by an `OSError` or an `EOFError`.

    Args:
        rank, world: this process's number, and of how many.
        endpoint: ``host:port`` of rank 0, as the launcher names it. Its port was free once; by now another may have it.
    """

    def __init__(self, rank: int, world: int, endpoint: str) -> None:
        self._host = endpoint.rpartition(":")[0]
        self._key = endpoint.encode()  # keeps out a stranger who tries the port by mistake
        self._world = world
        self._door = Listener((self._host, 0), backlog=world, authkey=self._key) if rank == 0 else None
        self._others: list[Connection] = []

    @property
    def port(self) -> int | None:
        """Where rank 0 listens; ``None`` for the others."""
        return self._door.address[1] if self._door else None

    def join(self, port: int) -> None:
        """Connect every process to rank 0, which listens at ``port``."""
        if self._door is None:
            self._others = [Client((self._host, port), authkey=self._key)]
        else:
            self._others = [self._door.accept() for _ in range(1, self._world)]
            self._door.close()

    def check_main(self) -> None:
        """Raise `EOFError` when rank 0 is gone; call between the barriers, where it sends nothing."""
        if self._door is None and self._others[0].poll():
            self._others[0].recv_bytes()

    def wait(self) -> None:
        """Return when every process has called this."""
        if self._door is None:
            self._others[0].send_bytes(b"here")
            self._others[0].recv_bytes()
        else:
            for other in self._others:
                other.recv_bytes()
            for other in self._others:
                other.send_bytes(b"all")
