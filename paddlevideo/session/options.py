"""The options of a session: the INFERENCE section of a config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from ..config.annotations import fits, wording
from ..config.deprecated import drop_deprecated
from ..utils.errors import InputError
from ..utils.registry import nearest

Storage = Literal["float32", "float16"]
Reach = Literal["video", "between"]
References = Literal["strokes", "answer"]
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class SessionOptions:
    """How a session works.

    The defaults are the published method's; each rule of `paddlevideo.session.rules` is off until its option is set.

    Raises:
        InputError: an option has a value that it cannot have; the line names the key.
    """

    max_memory_mib: float = 384
    """memory for embeddings and maps in MiB, not counting the network's; what does not fit waits in a temporary file.
    ``--max-memory`` overrides it."""

    storage: Storage = "float32"
    """of embeddings and maps: ``float16`` rounds them, once, and halves what they take."""

    reach: Reach = "video"
    """how far a round's masks are carried: over the whole ``video``, as in the reference, or only to the next annotated
    frames, ``between`` which the masks of both sides mix."""

    references: References = "strokes"
    """what global matching compares other frames with: the ``strokes``, or in the first round what its ``answer`` is
    sure of."""

    max_leap: float | None = None
    """parts of an object that appear further than this share of the short side from where the frame beside has it (in
    the annotated frame: its strokes, and the mask before) are dropped; null: none are."""

    search: float | None = None
    """objects are looked for so far around where the frame beside has them, as a share of the short side; null, and for
    one that is not there: everywhere."""

    click_region: float | None = None
    """how far an object may extend from a single click, as a share of the short side: its region of interest in the
    first round; null: 20 cells of the grid, as from strokes."""

    precision: Precision = "fp32"
    """of the compiled network: ``bf16`` is faster on processors that have it, and about 1 % off."""

    undo_depth: int = 3
    """how many of the last rounds can be undone, 1 or more; each keeps the maps that it replaced."""

    _built: ClassVar[tuple[str, ...]] = ("undo_depth",)  # the program's own: no key of a config

    def __post_init__(self) -> None:
        for name, kind in _types().items():
            _check_type(name, getattr(self, name), kind)
        for name in ("max_leap", "search", "click_region"):
            fraction = getattr(self, name)
            if fraction is not None and not fraction > 0:
                raise InputError(f"INFERENCE.{name} is a share of the short side above 0, or null, not {fraction}")
        if not self.max_memory_mib >= 0:
            raise InputError(f"INFERENCE.max_memory_mib is 0 or more, not {self.max_memory_mib}")
        if self.undo_depth < 1:
            raise InputError(f"INFERENCE.undo_depth is 1 or more, not {self.undo_depth}")

    @classmethod
    def reference(cls) -> SessionOptions:
        """The published method: every rule is off."""
        return cls()

    @classmethod
    def lite(cls) -> SessionOptions:
        """What the shipped network is used with, see configs/segmentation/manet_lite.yaml."""
        return cls(
            storage="float16",
            reach="between",
            references="answer",
            max_leap=0.1,
            search=0.15,
            click_region=0.7,
        )

    @classmethod
    def from_config(cls, config: Mapping[str, Any], **overrides: Any) -> SessionOptions:
        """The options of ``config["INFERENCE"]``; ``overrides`` replace them.

        Raises:
            InputError: an option that there is not, named with the nearest one, or a value that it cannot have.
        """
        section = {**config.get("INFERENCE", {}), **overrides}
        drop_deprecated({"INFERENCE": section}, {})
        known = {each.name for each in fields(cls)}
        for name in section:
            if name not in known:
                raise InputError(f"INFERENCE.{name}: unknown key{nearest(name, known)}")
        return cls(**section)


@cache
def _types() -> dict[str, Any]:
    return {name: kind for name, kind in get_type_hints(SessionOptions).items() if name != "_built"}


def _check_type(name: str, value: Any, kind: Any) -> None:
    if fits(value, kind):
        return
    if get_origin(kind) is Literal:
        raise InputError(f"INFERENCE.{name} is one of {', '.join(get_args(kind))}, not {value!r}")
    raise InputError(f"INFERENCE.{name}: expected {wording(kind)}, found {wording(value)}")
