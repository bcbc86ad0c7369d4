"""Which frame is scribbled when, and how scores add up, on sequences small enough to see through."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from paddlevideo.loader.davis import DavisFolder
from paddlevideo.loader.scribbles import Stroke
from paddlevideo.metrics.round_metric import RoundMetric, RoundScore, Scribble, first_annotated_frame, sequence_entry
from paddlevideo.utils.errors import InputError

SIZE = (60, 80)


@dataclass
class Masks:
    """A sequence of nothing but masks ``(T, H, W)``."""

    masks: np.ndarray
    name: str = "masks"
    human: list[list[Stroke]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.masks)

    def mask(self, index: int) -> np.ndarray:
        return self.masks[index]

    def scribbles(self) -> list[list[Stroke]]:
        return self.human

    @property
    def areas(self) -> np.ndarray:
        return np.stack([np.bincount(mask.ravel(), minlength=256) for mask in self.masks])

    @property
    def objects(self) -> int:
        return int(self.masks[self.masks < 255].max())


def boxes(*frames: dict[int, int], name: str = "masks") -> Masks:
    """A sequence whose frame t shows a square of ``side`` for each ``{object: side}`` of ``frames[t]``."""
    masks = np.zeros((len(frames), *SIZE), np.uint8)
    for mask, sides in zip(masks, frames, strict=True):
        for number, side in sides.items():
            mask[5 : 5 + side, 26 * (number - 1) + 2 : 26 * (number - 1) + 2 + side] = number
    return Masks(masks, name)


def scored(sequence: Masks, predicted: np.ndarray, *annotated: int) -> list[RoundScore]:
    """Rounds that annotated these frames and all gave the masks ``predicted``."""
    region, boundary = RoundMetric().score(sequence, predicted.__getitem__)
    return [RoundScore(Scribble(frame, [], "simulated"), region, boundary, 1.0) for frame in annotated]


def test_a_human_file_gives_the_first_scribble(tiny_davis: Path) -> None:
    disc, pair = DavisFolder(tiny_davis, "train").sequences
    scribble = RoundMetric().first_scribble(disc)
    assert (scribble.frame, scribble.drawn_by, len(scribble.strokes)) == (2, "human", 2)
    simulated = RoundMetric().first_scribble(pair)
    assert (simulated.frame, simulated.drawn_by) == (0, "simulated")
    assert {stroke.object_id for stroke in simulated.strokes} == {1, 2}


def test_a_click_takes_the_place_of_strokes_on_their_frame(tiny_davis: Path) -> None:
    for sequence in DavisFolder(tiny_davis).sequences:
        strokes = RoundMetric().first_scribble(sequence)
        click = RoundMetric(first_with="click").first_scribble(sequence)
        assert click.drawn_by == "simulated" and click.frame == strokes.frame
        assert [stroke.object_id for stroke in click.strokes] == sorted({s.object_id for s in strokes.strokes} - {0})
        extents = [np.ptp(np.asarray(stroke.points), axis=0).max() for stroke in click.strokes]
        assert max(extents) < 0.1


def test_of_a_human_file_over_several_frames_the_first_frame_counts() -> None:
    sequence = boxes({1: 20}, {1: 20}, {1: 20})
    points = ((0.1, 0.2), (0.2, 0.2))
    sequence.human = [[Stroke(1, 2, points), Stroke(1, 1, points), Stroke(0, 1, points)]]
    scribble = RoundMetric().first_scribble(sequence)
    assert scribble.frame == 1 and len(scribble.strokes) == 2


def test_a_human_file_without_strokes_is_passed_over() -> None:
    sequence = boxes({1: 20}, {1: 20})
    sequence.human = [[]]
    assert RoundMetric().first_scribble(sequence).drawn_by == "simulated"


def test_human_strokes_of_an_object_the_masks_lack_are_refused() -> None:
    sequence = boxes({1: 20})
    sequence.human = [[Stroke(3, 0, ((0.1, 0.2), (0.2, 0.2)))]]
    with pytest.raises(InputError, match=r"'masks'.*name object 3"):
        RoundMetric().first_scribble(sequence)


@pytest.mark.parametrize(
    ("frames", "first"),
    [
        ([{1: 20}, {1: 20}, {1: 20}, {1: 20}, {1: 20}], 0),
        ([{}, {1: 20}, {1: 20, 2: 20}, {1: 20, 2: 9}], 2),
        ([{1: 1, 2: 20}, {1: 20, 2: 1}, {1: 20, 2: 20}, {}], 2),  # one pixel is not decent
        ([{1: 20}, {2: 20}, {1: 20}, {2: 20}, {}], 0),  # never both
        ([{}, {1: 1}, {1: 2}], 2),  # never decent: the largest
    ],
)
def test_first_annotated_frame(frames: list[dict[int, int]], first: int) -> None:
    assert first_annotated_frame(boxes(*frames)) == first


def test_a_sequence_without_objects_is_refused() -> None:
    with pytest.raises(InputError, match="'masks': its masks show no object"):
        RoundMetric().first_scribble(boxes({}, {}))


def test_the_worst_frame_not_annotated_before_is_next() -> None:
    sequence = boxes({1: 20}, {1: 20}, {1: 20}, {1: 20})
    predicted = sequence.masks.copy()
    predicted[1, 5:15] = 0  # half of it missed
    predicted[2] = 0  # all of it
    for annotated, expected in (((0,), 2), ((0, 2), 1)):
        scribble = RoundMetric().next_scribble(sequence, predicted.__getitem__, scored(sequence, predicted, *annotated))
        assert scribble is not None and scribble.frame == expected
        assert {(stroke.object_id, stroke.frame) for stroke in scribble.strokes} == {(1, expected)}
    assert RoundMetric().next_scribble(sequence, predicted.__getitem__, scored(sequence, predicted, 0, 2, 1)) is None


def test_a_false_patch_gets_background_strokes() -> None:
    sequence = boxes({1: 20}, {1: 20})
    predicted = sequence.masks.copy()
    predicted[1, 35:55, 50:75] = 1
    scribble = RoundMetric().next_scribble(sequence, predicted.__getitem__, scored(sequence, predicted, 0))
    assert scribble is not None and {stroke.object_id for stroke in scribble.strokes} == {0}


def test_perfect_masks_and_void_frames_need_no_correction() -> None:
    sequence = boxes({1: 20}, {1: 20}, {1: 20})
    sequence.masks[2] = 255
    scores = scored(sequence, np.where(sequence.masks == 255, 1, sequence.masks), 0)
    assert np.isnan(scores[0].region[2]).all()
    assert RoundMetric().next_scribble(sequence, sequence.mask, scores) is None


def test_strokes_follow_from_seed_name_and_round_alone() -> None:
    sequence, other = boxes({1: 20}, {1: 20}), boxes({1: 20}, {1: 20}, name="other")
    metric = RoundMetric(seed=4)
    once = metric.first_scribble(sequence)
    metric.first_scribble(other)
    assert metric.first_scribble(sequence) == once == RoundMetric(seed=4).first_scribble(sequence)
    assert RoundMetric(seed=5).first_scribble(sequence) != once
    assert metric.first_scribble(other) != once


def test_the_mean_is_over_objects_then_frames_then_sequences() -> None:
    def score(region: list[list[float]], seconds: float) -> RoundScore:
        return RoundScore(Scribble(0, [], "human"), np.array(region), np.array(region) / 2, seconds)

    nan = np.nan
    summary = RoundMetric(rounds=2).summary(
        {
            "two objects": sequence_entry([score([[1, 0], [0.5, 0.5]], 3.0), score([[1, 1], [1, 1]], 1.0)]),
            "one object": sequence_entry([score([[0.9], [nan], [0.7]], 1.0), score([[0.8], [nan], [0.8]], 0.0)]),
        }
    )
    first, second = summary["rounds"]
    assert first == pytest.approx({"round": 1, "J": 0.65, "F": 0.325, "JF": 0.4875, "seconds": 2.0})
    assert second == pytest.approx({"round": 2, "J": 0.9, "F": 0.45, "JF": 0.675, "seconds": 0.5})
    of_two = summary["sequences"]["two objects"]
    assert (of_two["frames"], of_two["objects"]) == (2, 2)
    assert of_two["rounds"][0]["objects"] == [
        {"object": 1, "J": 0.75, "F": 0.375},
        {"object": 2, "J": 0.25, "F": 0.125},
    ]


def test_select_keeps_the_named_sequences_and_refuses_others() -> None:
    sequences = [boxes({1: 20}, name=name) for name in ("bear", "cows")]
    assert RoundMetric().select(sequences) == sequences
    assert [sequence.name for sequence in RoundMetric(sequences=["cows"]).select(sequences)] == ["cows"]
    with pytest.raises(InputError, match=r"METRIC.sequences.*'cow'.*did you mean 'cows'"):
        RoundMetric(sequences=["cow"]).select(sequences)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rounds": 0}, "METRIC.rounds is 0"),
        ({"first_with": "clicks"}, "METRIC.first_with is 'clicks'"),
        ({"seed": -1}, "METRIC.seed is -1"),
        ({"sequences": []}, "METRIC.sequences is empty"),
    ],
)
def test_bad_settings_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        RoundMetric(**arguments)
