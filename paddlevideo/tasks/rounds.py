"""Between the rounds of stage 2: the network segments its training sequences, a robot corrects the worst frame.

The reference shows the network one step of propagation from a damaged truth. Here the rounds are played as in use: the
session takes the strokes of the rounds before and propagates them over a window of frames, with the weights of now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from tqdm import tqdm

from ..loader.builder import Loader
from ..loader.davis import Sequence
from ..loader.rounds_dataset import Annotation, DAVISRoundsDataset, first_strokes
from ..loader.scribbles import Stroke
from ..loader.simulated_strokes import simulate_strokes
from ..metrics.judge.mirror import strokes_of
from ..metrics.judge.shims import load_davisinteractive
from ..metrics.region_boundary import region_similarity
from ..modeling import MANet
from ..session.segmenter import Segmenter
from ..session.session import Session
from ..utils import processes
from ..utils.errors import InputError

Corrected = tuple[list[list[Stroke]], Annotation | None]  # a sequence's rounds so far, and the correction among them


def build_rounds(cfg: Mapping[str, Any], model: MANet, loader: Loader) -> Rounds | None:
    """Return what plays the rounds of stage 2, None for a dataset without rounds.

    Raises:
        InputError: the official robot is asked for and not installed.
    """
    dataset = loader.dataset
    if not isinstance(dataset, DAVISRoundsDataset):
        return None
    Segmenter.check(cfg)
    return Rounds(model, dataset, lambda: Segmenter.from_model(cfg, model, "plain"), loader)


class Rounds:
    """Makes the annotations of every round and keeps the strokes of a cycle.

    All chance is a function of seed, cycle, round and sequence, so that a run that was killed goes on exactly.
    """

    def __init__(
        self,
        model: MANet,
        dataset: DAVISRoundsDataset,
        segmenter: Callable[[], Segmenter],
        loader: Loader,
    ) -> None:
        self.model = model
        self.dataset = dataset
        self.segmenter = segmenter
        self.seed = loader.seed
        self.steps_per_epoch = len(loader)
        self.phase: tuple[int, int] | None = None  # of the annotations in the dataset
        self.history: dict[str, list[list[Stroke]]] = {}  # the rounds of the cycle so far, by sequence
        if dataset.robot == "davis":
            self._robot = _official_robot()

    def begins(self, step: int) -> bool:
        """Say whether ``step`` belongs to another round than the annotations at hand."""
        return self.phase != self._phase(step)

    def annotate(self, step: int) -> None:
        """Make the annotations for the round of ``step``; several processes share the sequences."""
        self.phase = cycle, number = self._phase(step)
        self.dataset.annotations = {}
        if number == 0:
            self.history = {}
            return
        training = self.model.training
        self.model.eval()
        try:
            merged = self._correct_all(cycle, number)
        finally:
            if training:
                self.model.train()
        for sequence in self.dataset.sequences:
            self.history[sequence.name], annotation = merged[sequence.name]
            if annotation is not None:
                self.dataset.annotations[sequence.name] = annotation

    def _correct_all(self, cycle: int, number: int) -> dict[str, Corrected]:
        segmenter = self.segmenter()
        mine = processes.shard(list(enumerate(self.dataset.sequences)))
        found: dict[str, Corrected] = {}
        title = f"cycle {cycle + 1}, round {number + 1}"
        for index, sequence in tqdm(mine, desc=title, unit="sequence", leave=False, disable=not processes.is_main()):
            found[sequence.name] = self._correct(segmenter, sequence, index, cycle, number)
        return {name: value for share in processes.gather(found) for name, value in share.items()}

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: plain values and arrays."""
        return {
            "phase": list(self.phase or ()),
            "history": {name: [_plain(strokes) for strokes in rounds] for name, rounds in self.history.items()},
            "annotations": {
                name: {"frame": one.frame, "strokes": _plain(one.strokes), "mask": one.mask}
                for name, one in self.dataset.annotations.items()
            },
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave."""
        cycle_and_round = tuple(int(value) for value in state["phase"])
        self.phase = (cycle_and_round[0], cycle_and_round[1]) if cycle_and_round else None
        self.history = {name: [_strokes(plain) for plain in rounds] for name, rounds in state["history"].items()}
        self.dataset.annotations = {
            name: Annotation(int(one["frame"]), _strokes(one["strokes"]), np.asarray(one["mask"]))
            for name, one in state["annotations"].items()
        }

    def _phase(self, step: int) -> tuple[int, int]:
        return self.dataset.phase(step // self.steps_per_epoch)

    def _correct(self, segmenter: Segmenter, sequence: Sequence, index: int, cycle: int, number: int) -> Corrected:
        """Play the cycle's rounds again with the weights of now; return them, and the correction of the worst frame."""
        rng = np.random.default_rng([self.seed, cycle, index])  # the same first strokes and window in every round
        first, strokes = first_strokes(sequence, rng)
        rounds = self.history.get(sequence.name) or [strokes]
        length = min(self.dataset.window, len(sequence))
        start = int(rng.integers(max(0, first - length + 1), min(first, len(sequence) - length) + 1))
        session = segmenter.open(sequence.clip(start, start + length), sequence.objects, undo_depth=1)
        for each in rounds:
            session.add_strokes([replace(stroke, frame=stroke.frame - start) for stroke in each])
            for _ in session.propagate():
                pass
        rng = np.random.default_rng([self.seed, cycle, index, number])
        annotated = {each[0].frame for each in rounds}
        for frame in self._worst_first(session, sequence, range(start, start + length)):
            predicted = session.mask(frame - start)
            drawn = [] if frame in annotated else self._draw(sequence, frame, predicted, rng)
            if drawn:
                return [*rounds, drawn], Annotation(frame, drawn, predicted)
        return rounds, None

    def _worst_first(self, session: Session, sequence: Sequence, frames: range) -> list[int]:
        """The frames by mean J of their objects, the lowest first."""

        def quality(frame: int) -> float:
            predicted, truth = session.mask(frame - frames.start), sequence.mask(frame)
            ids = range(1, sequence.objects + 1)
            return float(np.mean([region_similarity(predicted == number, truth == number) for number in ids]))

        return sorted(frames, key=quality)

    def _draw(self, sequence: Sequence, frame: int, predicted: np.ndarray, rng: np.random.Generator) -> list[Stroke]:
        truth = sequence.mask(frame)
        if self.dataset.robot == "simulated":
            return simulate_strokes(truth, predicted, frame, rng)
        document = self._robot.interact(
            sequence.name, predicted[None], truth[None], nb_objects=sequence.objects, frame=0
        )
        return [replace(stroke, frame=frame) for stroke in strokes_of(document)]


def _official_robot() -> Any:
    try:
        return load_davisinteractive().robot.InteractiveScribblesRobot()
    except InputError as error:
        told = str(error).partition(" ; or score")[0]
        raise InputError(f"{told} ; or train with our own strokes: -o DATASET.train.robot=simulated") from error


def _plain(strokes: list[Stroke]) -> list[dict[str, Any]]:
    return [{**asdict(stroke), "points": np.asarray(stroke.points)} for stroke in strokes]


def _strokes(plain: list[Mapping[str, Any]]) -> list[Stroke]:
    return [
        Stroke(int(one["object_id"]), int(one["frame"]), tuple((float(x), float(y)) for x, y in one["points"]))
        for one in plain
    ]
