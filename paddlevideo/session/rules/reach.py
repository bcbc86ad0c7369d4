"""How far a round's masks are carried, and how they mix with what earlier rounds left there.

The published code carries every round over the whole video, so that a correction of one frame also replaces masks
beside frames that were annotated well. Between two annotated frames both have a say, each by its nearness, and beyond
the other one its own masks stand; later rounds get shorter for it. Only an object that nobody has spoken of before is
carried over the whole video: where the others stand they know nothing of it, and it goes over them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..rounds import Round


def introduced(current: Round, earlier: Sequence[Round], reached_by: Collection[int]) -> frozenset[int]:
    """Return the objects that ``current`` is the first to say something of, at a frame; arguments as `new_share`."""
    return current.objects.difference(*(each.objects for each in earlier if each.number in reached_by))


def new_share(frame: int, current: Round, earlier: Sequence[Round], reached_by: Collection[int]) -> float:
    """Return the share (0..1) of ``current``'s answer for ``frame``; the rest is what ``frame`` has had.

    It is 1 where nobody else annotated a frame on that side, 0 from the other annotated frame on, and falls linearly
    between the two. A round counts only where its masks got to ``frame``: some propagations are stopped.

    Args:
        frame: not the frame that ``current`` annotated.
        current: the round that is propagated.
        earlier: the rounds before it.
        reached_by: the numbers of the rounds that gave ``frame`` a mask.
    """
    way = frame - current.frame
    gaps = [
        (each.frame - frame) * (1 if way > 0 else -1)
        for each in earlier
        if (each.frame - current.frame) * way > 0 and each.number in reached_by
    ]
    if not gaps:
        return 1.0
    nearest = max(0, min(gaps))
    return nearest / (nearest + abs(way))
