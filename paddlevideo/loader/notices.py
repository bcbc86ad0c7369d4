"""What was given and is not used, or not as it seems: each kind is told in one line, and kept for a summary."""

from __future__ import annotations

import logging
from pathlib import Path

from .listing import listed

_logger = logging.getLogger(__name__)


class Notices:
    """Things to tell a person, by kind.

    Args:
        where: opens every line, such as the clip's path.
    """

    def __init__(self, where: str = "") -> None:
        self.where = where
        self._items: dict[str, list[str]] = {}
        self._told: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._items)

    def add(self, kind: str, *items: str | Path | int) -> None:
        """Note ``items`` (files, frames, objects), the same ``kind`` of thing; without items the kind itself."""
        known = self._items.setdefault(kind, [])
        known += [text for text in map(str, items) if text not in known]

    def extend(self, other: Notices) -> None:
        """Take over what ``other`` has."""
        for kind, items in other._items.items():
            self.add(kind, *items)

    def lines(self) -> list[str]:
        """One line a kind."""
        return [self._line(kind) for kind in self._items]

    def document(self) -> list[dict[str, object]]:
        """The same for JSON: ``what``, and all ``items``."""
        return [{"what": kind, "items": list(items)} for kind, items in self._items.items()]

    def tell(self) -> None:
        """Log every kind that is new, or has more items, since the last call."""
        for kind, items in self._items.items():
            if self._told.get(kind) != len(items):
                self._told[kind] = len(items)
                _logger.warning("%s", self._line(kind))

    def _line(self, kind: str) -> str:
        items = self._items[kind]
        said = f"{kind}: {listed(items)}" if items else kind
        return f"{self.where}: {said}" if self.where else said
