r"""Interactive video object segmentation: train, test and infer from one YAML file.

Masks of a video whose objects are scribbled on (or whose first mask is given):

    python main.py --infer -c configs/segmentation/manet_lite.yaml -w data/weights/manet_lite.pdparams \
        --input clip.mp4 --scribbles strokes.json --output output/clip
    python main.py --infer -c CFG -w WEIGHTS --input frames/ --masks first.png --output output/clip

Other results than the usual ones (`--export list` shows all kinds, and takes no other flag):

    python main.py --infer -c CFG -w WEIGHTS --input clip.mp4 --scribbles strokes.json --output output/clip \
        --export overlay,matte,cutout_webm

Of many videos, with a scribble file strokes/NAME.json (or a first mask firsts/NAME.png) for each:

    python main.py --infer -c CFG -w WEIGHTS --input videos/ --scribbles strokes/ --output output/all
    python main.py --infer -c CFG -w WEIGHTS --input "videos/*.mp4" --masks firsts/ --output output/all

In the browser: a page to scribble, propagate, correct and export on (all its flags: docs/en/app.md):

    python main.py --serve clip.mp4

J and F by rounds over DATASET.test:

    python main.py --test -c configs/segmentation/manet_lite.yaml -w WEIGHTS

Training; the checkpoints go to the config's output_dir, and `--resume auto` goes on from the newest there, if any:

    python main.py -c configs/segmentation/manet_lite_joint.yaml --validate --resume auto
    python main.py -c configs/segmentation/manet.yaml --amp --validate

On several cards, and on a processor in two processes (on several machines: tools/launch_nodes.sh):

    python -B -m paddle.distributed.launch --gpus=0,1 --log_dir=output/log main.py -c CFG --amp
    python -B -m paddle.distributed.launch --nproc_per_node=2 --log_dir=output/log main.py -c CFG

Any key of the config can be changed: -o DATASET.batch_size=4 -o OPTIMIZER.learning_rate.base=1e-3
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

from paddlevideo.tasks.arguments import parse
from paddlevideo.tasks.run import run
from paddlevideo.utils.command import exit_code


def parse_arguments(argv: Sequence[str] | None = None) -> Namespace:
    """Return the command line's settings."""
    return parse(argv, __doc__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 for bad input, 3 for damaged, 130 when interrupted, 143 when terminated."""
    return exit_code(lambda: run(parse_arguments(argv)))


if __name__ == "__main__":
    sys.exit(main())
