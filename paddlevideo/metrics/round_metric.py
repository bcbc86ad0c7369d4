"""J and F round by round, without a time limit: which frame is scribbled in each round, with what, and how rounds add
up."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from ..loader.scribbles import Stroke
from ..loader.simulated_strokes import simulate_strokes
from ..utils.errors import InputError
from ..utils.registry import METRICS, nearest
from .region_boundary import frame_scores

DECENT_AREA = 0.001  # share of the picture an object has to fill before somebody would scribble on it


Entry = dict[str, Any]
"""What a metric keeps of a judged sequence, plain data: ``frames``, ``objects``, ``rounds`` and what else it needs."""


class Answers(Protocol):
    """What answers strokes with masks; `paddlevideo.session.Session` does."""

    def add_strokes(self, strokes: Sequence[Stroke], /) -> Any: ...

    def propagate(self) -> Iterable[Any]: ...

    def mask(self, frame: int, /) -> np.ndarray: ...


class JudgedSequence(Protocol):
    """What a sequence has to offer to be judged; `paddlevideo.loader.davis.Sequence` does."""

    @property
    def name(self) -> str: ...

    @property
    def objects(self) -> int: ...

    @property
    def areas(self) -> np.ndarray: ...  # (T, 256) pixels of each id in each frame

    def __len__(self) -> int: ...

    def mask(self, index: int, /) -> np.ndarray: ...

    def scribbles(self) -> list[list[Stroke]]: ...


@dataclass(frozen=True)
class Scribble:
    """What a round starts from: strokes, all of one frame, drawn by a person (``"human"``) or ``"simulated"``."""

    frame: int
    strokes: list[Stroke]
    drawn_by: Literal["human", "simulated"]


@dataclass(frozen=True)
class RoundScore:
    """One round of one sequence: J and F ``(T, objects)``, NaN where a frame has nothing to judge, and its time."""

    scribble: Scribble
    region: np.ndarray
    boundary: np.ndarray
    seconds: float


@METRICS.register
class RoundMetric:
    """Some rounds of scribbles a sequence, J and F of all frames after each (the annotated ones included).

    The first round takes the first human scribble file of the sequence, its frame and its strokes; where there is
    none, strokes are simulated inside every object on the first frame that shows every object at a decent size. Every
    later round simulates corrections on the frame with the lowest mean J that has not been annotated yet. Strokes
    depend on ``seed``, the sequence's name and the round alone.

    Args:
        rounds: rounds a sequence, the first included.
        sequences: names to judge; null judges all of the split.
        seed: of the simulated strokes.
        first_with: ``strokes``, or ``click``: one click an object, simulated, on the frame that strokes would be on.
    """

    def __init__(
        self,
        rounds: int = 3,
        sequences: list[str] | None = None,
        seed: int = 0,
        first_with: Literal["strokes", "click"] = "strokes",
    ) -> None:
        if rounds < 1:
            raise InputError(f"METRIC.rounds is {rounds}: give 1 or more")
        if first_with not in ("strokes", "click"):
            raise InputError(f"METRIC.first_with is '{first_with}': give 'strokes' or 'click'")
        if seed < 0:
            raise InputError(f"METRIC.seed is {seed}: give 0 or more")
        if sequences is not None and not sequences:
            raise InputError("METRIC.sequences is empty: name sequences, or leave the key out to judge all")
        self.rounds = rounds
        self.sequences = sequences
        self.seed = seed
        self.first_with = first_with

    def prepare(self) -> None:
        """Nothing is needed."""

    def select(self, sequences: Sequence[Any]) -> list[Any]:
        """The sequences to judge, in their own order; `InputError` for a name of ours that is not among them."""
        names = [sequence.name for sequence in sequences]
        for name in self.sequences or ():
            if name not in names:
                raise InputError(f"METRIC.sequences: no sequence is called '{name}'{nearest(name, names)}")
        return [sequence for sequence in sequences if self.sequences is None or sequence.name in self.sequences]

    def first_scribble(self, sequence: JudgedSequence) -> Scribble:
        """The scribble of round 1; `InputError` when masks show no object, or scribbles one that masks do not."""
        if sequence.objects < 1:
            raise InputError(f"sequence '{sequence.name}': its masks show no object; leave it out of the split")
        human = next((_human_scribble(sequence, strokes) for strokes in sequence.scribbles()[:1] if strokes), None)
        if human and self.first_with == "strokes":
            return human
        frame = human.frame if human else first_annotated_frame(sequence)
        click = float(self.first_with == "click")
        strokes = simulate_strokes(sequence.mask(frame), None, frame, self._random(sequence, 1), click=click)
        if not strokes:
            raise InputError(
                f"sequence '{sequence.name}': its objects are too small for a stroke on frame {frame}; "
                "leave it out of the split or add a scribble file"
            )
        return Scribble(frame, strokes, "simulated")

    def next_scribble(
        self, sequence: JudgedSequence, predicted: Callable[[int], np.ndarray], scores: list[RoundScore]
    ) -> Scribble | None:
        """The scribble that corrects the last of ``scores``; None when no frame has an error a stroke would fit in.

        ``predicted(frame)`` gives the present mask ``(H, W)``.
        """
        annotated = {score.scribble.frame for score in scores}
        quality = _mean(scores[-1].region, axis=1)
        open_frames = [frame for frame in range(len(sequence)) if frame not in annotated and quality[frame] < 1]
        random = self._random(sequence, len(scores) + 1)
        for frame in sorted(open_frames, key=quality.__getitem__):
            strokes = simulate_strokes(sequence.mask(frame), predicted(frame), frame, random)
            if strokes:
                return Scribble(frame, strokes, "simulated")
        return None

    def score(self, sequence: JudgedSequence, predicted: Callable[[int], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """J and F ``(T, objects)`` of the masks ``predicted(frame)`` ``(H, W)``, all frames."""
        ids = range(1, sequence.objects + 1)
        pairs = [frame_scores(predicted(frame), sequence.mask(frame), ids) for frame in range(len(sequence))]
        region, boundary = zip(*pairs, strict=True)
        return np.stack(region), np.stack(boundary)

    def judge(
        self, open_answers: Callable[[], Answers], sequence: JudgedSequence, masks_folder: Path | None = None
    ) -> Entry:
        """Take one sequence through all rounds; return its entry for `summary`.

        ``open_answers()`` gives a fresh session. The clock runs for embedding, interaction and propagation, not for
        scoring. No masks are kept: ``masks_folder`` is the official judge's.
        """
        answers = open_answers()
        scores: list[RoundScore] = []
        for _ in range(self.rounds):
            scribble = self.next_scribble(sequence, answers.mask, scores) if scores else self.first_scribble(sequence)
            if scribble is None:  # nothing left to correct: the masks stand
                scores.append(replace(scores[-1], seconds=0.0))
                continue
            started = time.perf_counter()
            answers.add_strokes(scribble.strokes)
            for _ in answers.propagate():
                pass
            seconds = time.perf_counter() - started
            scores.append(RoundScore(scribble, *self.score(sequence, answers.mask), seconds))
        return sequence_entry(scores)

    def summary(self, entries: Mapping[str, Entry]) -> dict[str, Any]:
        """What ``summary.json`` holds: means over objects, then frames (all), then sequences, for every round.

        ``seconds`` is what a sequence spent in that round, interaction and propagation, in the first round also
        embedding; the mean of it over sequences.
        """
        sequences = dict(entries)
        rounds = []
        for number in range(self.rounds):
            of_round = [sequence["rounds"][number] for sequence in sequences.values()]
            means = {key: _rounded(np.mean([one[key] for one in of_round])) for key in ("J", "F", "JF", "seconds")}
            rounds.append({"round": number + 1, **means})
        return {"metric": type(self).__name__, "rounds": rounds, "sequences": sequences}

    def _random(self, sequence: JudgedSequence, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(sequence.name.encode()), number])


def first_annotated_frame(sequence: JudgedSequence) -> int:
    """The first frame that shows every object at a decent size, or else as much as any frame does."""
    areas = sequence.areas[:, 1 : sequence.objects + 1] / sequence.mask(0).size
    shown = (areas >= DECENT_AREA).sum(axis=1)
    return int(shown.argmax() if shown.any() else areas.sum(axis=1).argmax())


def _human_scribble(sequence: JudgedSequence, strokes: list[Stroke]) -> Scribble:
    largest = max(stroke.object_id for stroke in strokes)
    if largest > sequence.objects:
        raise InputError(
            f"sequence '{sequence.name}': its scribbles name object {largest}, its masks show {sequence.objects}; "
            "use the masks the scribbles were drawn for"
        )
    frame = min(stroke.frame for stroke in strokes)
    return Scribble(frame, [stroke for stroke in strokes if stroke.frame == frame], "human")


def sequence_entry(scores: Sequence[RoundScore]) -> Entry:
    """Return the entry of a sequence for `RoundMetric.summary`: means over objects and frames by round."""
    rounds = []
    for number, score in enumerate(scores, start=1):
        region, boundary = _mean(score.region, axis=0), _mean(score.boundary, axis=0)
        objects = [
            {"object": index, "J": _rounded(J), "F": _rounded(F)}
            for index, (J, F) in enumerate(zip(region, boundary, strict=True), start=1)
        ]
        means = {"J": region.mean(), "F": boundary.mean(), "JF": (region.mean() + boundary.mean()) / 2}
        rounds.append(
            {
                "round": number,
                "scribble": score.scribble.drawn_by,
                "frame": score.scribble.frame,
                **{key: _rounded(value) for key, value in means.items()},
                "seconds": _rounded(score.seconds),
                "objects": objects,
            }
        )
    return {"frames": len(scores[0].region), "objects": scores[0].region.shape[1], "rounds": rounds}


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean over the judged frames or objects; 1 where there are none, so that such a frame is never the worst."""
    judged = ~np.isnan(values)
    count = judged.sum(axis=axis)
    return np.where(count, np.where(judged, values, 0).sum(axis=axis) / np.maximum(count, 1), 1.0)


def _rounded(value: float) -> float:
    return round(float(value), 6)
