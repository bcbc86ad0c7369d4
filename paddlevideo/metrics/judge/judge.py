"""``--test`` by the official judge: its session hands out strokes and keeps the clock, ours answers with masks.

The judge scores J and F of every frame, lets its robot draw on the worst frame, and sums up: J@60, the metric a user
has after 60 seconds, and AUC, the area under the metric over time. Faster code therefore scores higher.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Literal

import numpy as np

from ...utils.errors import InputError
from ...utils.registry import METRICS
from ..round_metric import Answers, Entry, JudgedSequence, RoundMetric, Scribble
from .mirror import SUBSET, find_starts, lay_out, registered, strokes_of, table_entry
from .shims import load_davisinteractive

_NAMES = {"J": "J", "F": "F", "JF": "J_AND_F"}


@METRICS.register
class DavisJudge:
    """The official interactive benchmark (davisinteractive 1.0.4, which made the paper's table).

    A game is a sequence and one set of first scribbles: a file in ``Scribbles/SEQUENCE``, or the robot's where there
    is none. Each sequence is a session of its own, so that sequences can be shared out and taken up again; the summary
    is the judge's own over all of them.

    Args:
        metric: what the robot's choice of frames and the curve go by: J, F or their mean (JF).
        rounds: rounds a game, 1 to 16; the paper's table has 8.
        seconds_per_object: time a game has, for each of its objects; 1 to 600, the paper's table has 240.
        sequences: names to judge; null judges all of the split.
        seed: of the robot's choice among equals.
        save_masks: write the masks of every round below the output folder.
    """

    def __init__(
        self,
        metric: Literal["J", "F", "JF"] = "J",
        rounds: int = 8,
        seconds_per_object: int = 240,
        sequences: list[str] | None = None,
        seed: int = 0,
        save_masks: bool = False,
    ) -> None:
        if metric not in _NAMES:
            raise InputError(f"METRIC.metric is '{metric}': give J, F or JF")
        if not 1 <= rounds <= 16:
            raise InputError(f"METRIC.rounds is {rounds}: the official judge allows 1 to 16")
        if not 1 <= seconds_per_object <= 600:
            raise InputError(f"METRIC.seconds_per_object is {seconds_per_object}: the official judge allows 1 to 600")
        if seed < 0:
            raise InputError(f"METRIC.seed is {seed}: give 0 or more")
        self.metric = metric
        self.rounds = rounds
        self.seconds_per_object = seconds_per_object
        self.seed = seed
        self.save_masks = save_masks
        self._own = RoundMetric(rounds=1, sequences=sequences)

    def prepare(self) -> None:
        """Raise `InputError` when the judge is not installed."""
        load_davisinteractive()

    def select(self, sequences: Sequence[Any]) -> list[Any]:
        """The sequences to judge, as `RoundMetric.select`."""
        return self._own.select(sequences)

    def first_scribble(self, sequence: JudgedSequence) -> Scribble:
        """A scribble to try the session with, as `RoundMetric.first_scribble`; `InputError` for unfit data."""
        return self._own.first_scribble(sequence)

    def judge(
        self, open_answers: Callable[[], Answers], sequence: JudgedSequence, masks_folder: Path | None = None
    ) -> Entry:
        """Play every game of a sequence; return its entry for `summary`.

        ``open_answers()`` gives a fresh session. A session that is out of the judge's time leaves its last rounds out;
        they count as the round before, at no time, which is the judge's rule.
        """
        package = load_davisinteractive(self.seed)
        starts = find_starts(package, sequence)
        size = sequence.mask(0).shape
        entry = table_entry(len(sequence), sequence.objects, len(starts), (size[0], size[1]))
        frames: list[list[int]] = []
        with TemporaryDirectory() as root, registered(package, {sequence.name: entry}):
            lay_out(Path(root), sequence, starts)
            session = package.session.DavisInteractiveSession(
                host="localhost",
                user_key="local",
                davis_root=root,
                subset=SUBSET,
                max_time=self.seconds_per_object,
                max_nb_interactions=self.rounds,
                metric_to_optimize=_NAMES[self.metric],
                report_save_dir=root,
            )
            with session:
                self._play(session, open_answers, len(sequence), frames, masks_folder)
            report = session.get_report()
        games = []
        for number, start in enumerate(starts, 1):
            rows = report[report["scribble_idx"] == number]
            games.append(_game(rows, start.drawn_by, frames[number - 1], sequence.objects, self.rounds))
        return {"frames": len(sequence), "objects": sequence.objects, "rounds": _mean_game(games), "games": games}

    def _play(
        self,
        session: Any,
        open_answers: Callable[[], Answers],
        length: int,
        frames: list[list[int]],
        masks_folder: Path | None,
    ) -> None:
        """Answer until the judge has no more questions; ``frames`` gets those annotated, a list a game."""
        answers: Answers | None = None
        while session.next():
            _, document, new = session.get_scribbles(only_last=True)
            if new or answers is None:
                answers = open_answers()
                frames.append([])
            strokes = strokes_of(document)
            if strokes:  # else the masks stand
                answers.add_strokes(strokes)
                for _ in answers.propagate():
                    pass
            frames[-1].append(strokes[0].frame if strokes else frames[-1][-1])
            masks = np.stack([answers.mask(frame) for frame in range(length)])
            session.submit_masks(masks)
            if masks_folder is not None and self.save_masks:
                _save(masks_folder / f"set_{len(frames)}" / f"round_{len(frames[-1])}", masks)

    def summary(self, entries: Mapping[str, Entry]) -> dict[str, Any]:
        """What ``summary.json`` holds: the keys of `RoundMetric.summary`, and the judge's verdict.

        ``auc``, ``at60`` (J@60) and ``curve`` (``time`` in seconds and the metric) are the judge's own numbers.
        ``rounds`` has means over objects, scribble sets and sequences alike, as the judge takes them.
        """
        package = load_davisinteractive()
        verdict = self._verdict(package, entries)
        name = _NAMES[self.metric]
        rounds = []
        for number in range(self.rounds):
            of_round = [game["rounds"][number] for entry in entries.values() for game in entry["games"]]
            objects = [one for each in of_round for one in each["objects"]]
            region, boundary = (float(np.mean([one[key] for one in objects])) for key in "JF")
            seconds = float(np.mean([each["seconds"] for each in of_round]))
            both = (region + boundary) / 2
            rounds.append({"round": number + 1, "J": region, "F": boundary, "JF": both, "seconds": seconds})
        return {
            "metric": self.metric,
            "judge": f"davisinteractive {package.__version__}",
            "auc": float(verdict["auc"]),
            "at60": float(verdict["metric_at_threshold"][name]),
            "curve": {"time": verdict["curve"]["time"], self.metric: verdict["curve"][name]},
            "rounds": rounds,
            "sequences": dict(entries),
        }

    def _verdict(self, package: ModuleType, entries: Mapping[str, Entry]) -> dict[str, Any]:
        """The judge's summary of the games, from the means of each object over the frames."""
        pandas = importlib.import_module("pandas")  # comes with the judge alone
        rows = [
            {
                **{"interaction": each["round"], "sequence": name, "scribble_idx": number, "timing": each["seconds"]},
                **{"object_id": one["object"], "jaccard": one["J"], "contour": one["F"]},
                "j_and_f": (one["J"] + one["F"]) / 2,
            }
            for name, entry in entries.items()
            for number, game in enumerate(entry["games"], 1)
            for each in game["rounds"]
            for one in each["objects"]
            if each["played"]
        ]
        table = {name: table_entry(1, entry["objects"], len(entry["games"])) for name, entry in entries.items()}
        with TemporaryDirectory() as root, registered(package, table):
            for name, entry in table.items():  # the service only looks whether they are there
                for number in range(1, entry["num_scribbles"] + 1):
                    _touch(Path(root) / "Scribbles" / name / f"{number:03d}.json")
                _touch(Path(root) / "Annotations" / "480p" / name / "00000.png")
            service = package.evaluation.EvaluationService(
                SUBSET,
                davis_root=root,
                max_t=self.seconds_per_object,
                max_i=self.rounds,
                metric_to_optimize=_NAMES[self.metric],
            )
            columns = [
                "interaction",
                "sequence",
                "scribble_idx",
                "timing",
                "object_id",
                "jaccard",
                "contour",
                "j_and_f",
            ]
            verdict: dict[str, Any] = service.summarize_report(pandas.DataFrame(rows, columns=columns))
        return verdict


def _game(rows: Any, drawn_by: str, frames: list[int], objects: int, rounds: int) -> dict[str, Any]:
    """The rounds of one game from the judge's report; those it did not count repeat the one before, at no time."""
    played: list[dict[str, Any]] = []
    last: dict[str, Any] = {
        "frame": frames[0] if frames else 0,
        "seconds": 0.0,
        "objects": [{"object": index + 1, "J": 0.0, "F": 0.0} for index in range(objects)],
    }
    for number in range(1, rounds + 1):
        of_round = rows[rows["interaction"] == number]
        if len(of_round):
            means = of_round.groupby("object_id")[["jaccard", "contour"]].mean()
            scores = [
                {"object": int(index), "J": float(one.jaccard), "F": float(one.contour)}
                for index, one in means.iterrows()
            ]
            last = {"frame": frames[number - 1], "seconds": float(of_round["timing"].iloc[0]), "objects": scores}
        region, boundary = (float(np.mean([one[key] for one in last["objects"]])) for key in "JF")
        seconds = last["seconds"] if len(of_round) else 0.0
        played.append(
            {
                **{"round": number, "scribble": drawn_by if number == 1 else "robot", "frame": last["frame"]},
                **{"J": region, "F": boundary, "JF": (region + boundary) / 2, "seconds": seconds},
                **{"played": bool(len(of_round)), "objects": last["objects"]},
            }
        )
    return {"rounds": played}


def _mean_game(games: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rounds of a sequence: means over its scribble sets; frame and hand of the first."""
    rounds = []
    for of_round in zip(*(game["rounds"] for game in games), strict=True):
        means = {key: float(np.mean([one[key] for one in of_round])) for key in ("J", "F", "JF", "seconds")}
        objects = [
            {"object": of_object[0]["object"], **{k: float(np.mean([one[k] for one in of_object])) for k in "JF"}}
            for of_object in zip(*(one["objects"] for one in of_round), strict=True)
        ]
        rounds.append(
            {**{key: of_round[0][key] for key in ("round", "scribble", "frame")}, **means, "objects": objects}
        )
    return rounds


def _save(folder: Path, masks: np.ndarray) -> None:
    from ...writers.masks import write_mask

    for frame, mask in enumerate(masks):
        write_mask(folder / f"{frame:05d}.png", mask)


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
