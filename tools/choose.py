"""All figures to choose weights, rules and recipes by, of sequences that neither train nor report.

python tools/choose.py -c configs/segmentation/manet_lite.yaml -w WEIGHTS --data data/DAVIS \
    --sequences boat dance-jump hockey kite-walk motocross-bumps scooter-gray soccerball swing

For each seed: J and F after rounds 1, 3 and 8 from strokes and from one click an object, J of the annotated frame
alone, and J and F of a true first mask carried through the video (its first and last frame not counted). The last
columns are the mean over the seeds and its spread, largest minus smallest: a difference within it chooses nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from paddlevideo.utils.errors import InputError
from paddlevideo.utils.files import atomic_path

if TYPE_CHECKING:
    from paddlevideo.loader.davis import Sequence
    from paddlevideo.metrics.round_metric import RoundMetric
    from paddlevideo.session.segmenter import Segmenter
    from paddlevideo.session.session import Session

Figures = dict[str, float]  # by name: "strokes J1", "click alone", "mask JF", ...
SHOWN = (1, 3, 8)  # rounds
STARTS = ["strokes", "click", "mask"]


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-c", "--config", required=True, metavar="YAML")
    parser.add_argument("-w", "--weights", required=True, metavar="FILE")
    parser.add_argument("-o", "--override", action="append", default=[], metavar="KEY.SUB=VALUE")
    parser.add_argument("--data", required=True, metavar="DAVIS_ROOT", help="folder in DAVIS's layout")
    parser.add_argument("--split", default=None, help="a list of its sequences; all of them unless said")
    parser.add_argument("--sequences", nargs="+", metavar="NAME", help="in place of a list")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of the simulated person (0 1 2)")
    parser.add_argument("--rounds", type=int, default=8, help="rounds at most (8)")
    parser.add_argument(
        "--starts", nargs="+", default=["strokes", "click", "mask"], choices=["strokes", "click", "mask"]
    )
    parser.add_argument("--json", metavar="OUT", help="write the figures, by seed and sequence")
    args = parser.parse_args(argv)
    try:
        by_seed = {seed: dict(_judge(args, seed)) for seed in args.seeds}
        _show(by_seed)
        if args.json:
            with atomic_path(args.json) as temporary:
                temporary.write_text(json.dumps(by_seed, indent=1) + "\n", encoding="utf-8")
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _judge(args: argparse.Namespace, seed: int) -> Iterator[tuple[str, Figures]]:
    """Yield the figures of each sequence."""
    from paddlevideo.session.segmenter import Segmenter

    segmenter = Segmenter.load(args.config, args.weights, overrides=args.override)
    from tqdm import tqdm

    from paddlevideo.loader.davis import DavisFolder
    from paddlevideo.metrics.round_metric import RoundMetric

    folder = DavisFolder(args.data, args.split, args.sequences)
    for sequence in tqdm(folder.sequences, desc=f"seed {seed}", unit="sequence"):
        figures: Figures = {}
        for start in args.starts:
            if start == "mask":
                if seed == args.seeds[0]:  # nothing is drawn by chance
                    figures |= carried(segmenter, sequence)
            else:
                metric = RoundMetric(rounds=args.rounds, seed=seed, first_with=start)
                figures |= {f"{start} {name}": value for name, value in played(segmenter, metric, sequence).items()}
        yield sequence.name, figures


def played(segmenter: Segmenter, metric: RoundMetric, sequence: Sequence) -> Figures:
    """Return J and F after some of the rounds, and J of the first annotated frame before anything is carried."""
    import numpy as np

    from paddlevideo.metrics.region_boundary import frame_scores
    from paddlevideo.metrics.round_metric import RoundScore

    session = _open(segmenter, sequence)
    scores: list[RoundScore] = []
    figures: Figures = {}
    for number in range(1, metric.rounds + 1):
        scribble = metric.next_scribble(sequence, session.mask, scores) if scores else metric.first_scribble(sequence)
        if scribble is not None:
            answer = session.add_strokes(scribble.strokes)
            if not scores:
                ids = range(1, sequence.objects + 1)
                figures["alone"] = float(np.nanmean(frame_scores(answer.mask, sequence.mask(answer.frame), ids)[0]))
            for _ in session.propagate():
                pass
            scores.append(RoundScore(scribble, *metric.score(sequence, session.mask), 0.0))
        if number in SHOWN:
            figures[f"J{number}"] = float(np.nanmean(scores[-1].region))
            figures[f"F{number}"] = float(np.nanmean(scores[-1].boundary))
    return figures


def carried(segmenter: Segmenter, sequence: Sequence) -> Figures:
    """Return J, F and their mean over the frames between first and last, the true mask of the first one given."""
    import numpy as np

    from paddlevideo.metrics.region_boundary import frame_scores

    session = _open(segmenter, sequence)
    session.add_mask(0, sequence.mask(0))
    for _ in session.propagate():
        pass
    ids = range(1, sequence.objects + 1)
    pairs = [frame_scores(session.mask(frame), sequence.mask(frame), ids) for frame in range(1, len(sequence) - 1)]
    region, boundary = (float(np.nanmean(values)) for values in zip(*pairs, strict=True))
    return {"mask J": region, "mask F": boundary, "mask JF": (region + boundary) / 2}


def _open(segmenter: Segmenter, sequence: Sequence) -> Session:
    from paddlevideo.loader.video import PictureFrames

    frames = PictureFrames(str(sequence.frame_paths[0].parent), list(sequence.frame_paths))
    return segmenter.open(frames, sequence.objects, undo_depth=1)


def _show(by_seed: dict[int, dict[str, Figures]]) -> None:
    """Print a table: a row a figure; a column a sequence (mean over seeds), the mean, the spread over seeds."""
    import numpy as np

    first: dict[str, Figures] = next(iter(by_seed.values()))
    names = list(next(iter(first.values())))
    width = max(len(name) for name in names)
    print(" " * width, *(f"{sequence[:9]:>9}" for sequence in first), "     mean   spread")
    for name in names:
        table: Any = [[each[name] for each in seed.values() if name in each] for seed in by_seed.values()]
        values = np.array([row for row in table if row])  # (seeds, sequences)
        means = values.mean(axis=1)
        cells = [*values.mean(axis=0), means.mean(), np.ptp(means)]
        print(f"{name:{width}}", *(f"{cell:9.3f}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
