"""How far a round's masks are carried, and how they mix with what earlier rounds left there.

The published code carries every round over the whole video, so that a correction of one frame also replaces masks
beside frames that were annotated well. Between two annotated frames both count, weighted by nearness, and beyond
the other one the masks stay; this also makes later rounds shorter. Only an object that no round has labelled before is
carried over the whole video: earlier masks do not have it, and it replaces what they have there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..rounds import Round


@dataclass(frozen=True)
class Blend:
    """How a round's answer is mixed with what a frame had before.

    Attributes:
        weight: of the answer (0..1), the rest is what was there; 0 keeps the mask.
        overriding: objects that replace the rest whatever the weight is.
    """

    weight: float = 1.0
    overriding: frozenset[int] = frozenset()


REPLACE = Blend()


def blend_of(frame: int, current: Round, earlier: Sequence[Round], contributors: Collection[int]) -> Blend:
    """Return how ``current``'s answer for ``frame`` goes into what ``frame`` has had.

    Args:
        frame: not the frame that ``current`` annotated.
        current: the round that is propagated.
        earlier: the rounds before it.
        contributors: the numbers of the rounds that gave ``frame`` a mask.
    """
    labelled = (each.objects for each in earlier if each.number in contributors)
    return Blend(blend_weight(frame, current, earlier, contributors), current.objects.difference(*labelled))


def blend_weight(frame: int, current: Round, earlier: Sequence[Round], contributors: Collection[int]) -> float:
    """Return the weight (0..1) of ``current``'s answer for ``frame``; arguments as `blend_of`.

    It is 1 where no other round annotated a frame on that side, 0 from the other annotated frame on, and falls linearly
    between the two. A round counts only where its masks got to ``frame``: some propagations are stopped.
    """
    way = frame - current.frame
    gaps = [
        (each.frame - frame) * (1 if way > 0 else -1)
        for each in earlier
        if (each.frame - current.frame) * way > 0 and each.number in contributors
    ]
    if not gaps:
        return 1.0
    nearest = max(0, min(gaps))
    return nearest / (nearest + abs(way))
