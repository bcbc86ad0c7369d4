"""Objects that a file calls by a name: numbered in the order they are met, and said."""

from __future__ import annotations

from .shapes import Annotations


class Labels:
    """Gives each name a number from 1; a name that is a number keeps it."""

    def __init__(self, found: Annotations) -> None:
        self._found = found
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Return the number of the object called ``name``."""
        if name not in self._numbers:
            taken = set(self._numbers.values())
            own = int(name) if name.isdecimal() and 0 < int(name[-9:]) < 255 else 0
            free = next(number for number in range(1, 1 << 30) if number not in taken)
            self._numbers[name] = own if own and own not in taken else free
            if str(self._numbers[name]) != name:
                self._found.notices.add("objects by their names", f"{name} is {self._numbers[name]}")
        return self._numbers[name]
