"""Masks of many videos, each from its own scribbles or its own first mask.

    python main.py --infer -c CFG -w WEIGHTS --input videos/ --scribbles strokes/ --output output/all
    python main.py --infer -c CFG -w WEIGHTS --input "videos/*.mp4" --masks firsts/ --output output/all
    python -B -m paddle.distributed.launch --nproc_per_node=2 --log_dir=log main.py --infer ...

Writes for each video what `tasks.infer` writes, into a folder of its name, and `done.json` last: a run over again takes
those that are done as they are. A video that cannot be done is told in one line and the others go on. Several processes
share the videos; ``summary.json`` has them all.
"""

from __future__ import annotations

import json
import logging
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..loader.notices import Notices
from ..loader.preprocess import Preprocess
from ..loader.video import open_frames
from ..loader.video_collection import Clip, listed, pair_clips
from ..modeling import build_model
from ..session.engine import build_engine
from ..session.session import Session
from ..session.settings import engine_precision, session_settings
from ..utils import processes
from ..utils.errors import DamagedInput, InputError
from ..utils.files import atomic_path, remove_leftovers
from ..utils.run_lock import RunLock
from ..weights.files import load_into
from ..weights.safe_pickle import open_file
from .finished import FinishedClips
from .infer import check_output, check_writable, read_start, segment

logger = logging.getLogger(__name__)

Entry = dict[str, Any]  # of one video in the summary


def infer_many(cfg: Mapping[str, Any], args: Namespace) -> None:
    """Run ``main.py --infer`` over many videos.

    Raises `InputError` before the model is built when videos and strokes do not pair up, and at the end, on every
    rank, when some of the videos could not be done.
    """
    preprocess = Preprocess(**cfg["PIPELINE"]["input"])
    output = check_writable(args.output)
    with open_file(args.weights):  # before anything is written
        notices = Notices()
        clips = processes.from_main(lambda: find_clips(args, output, notices))
    finished = FinishedClips(output, cfg, args.weights, args.engine, args.objects)
    with RunLock(output):
        entries = processes.from_main(lambda: take_finished(clips, finished, output))
        todo = [clip for clip in clips if clip.name not in entries]
        for share in processes.gather(run_share(cfg, args, preprocess, processes.shard(todo), finished)):
            entries |= share
        entries = {clip.name: entries[clip.name] for clip in clips}
        if processes.is_main():
            write_summary(output, entries, notices)
    if failed := [name for name, entry in entries.items() if entry["status"] == "failed"]:
        raise InputError(
            f"{len(failed)} of {len(clips)} videos failed: {listed(failed)}; {output / 'summary.json'} says why; mend "
            "them and run again, the others are done"
        )
    if damaged := [name for name, entry in entries.items() if entry.get("unreadable")]:
        raise DamagedInput(
            f"{len(damaged)} of {len(clips)} videos have frames that cannot be read, their masks are those of the "
            f"frames beside them: {listed(damaged)}; {output / 'summary.json'} names them"
        )


def find_clips(args: Namespace, output: Path, notices: Notices) -> list[Clip]:
    """Pair videos with strokes and masks, and warn of strokes without a video; what is not used is noted."""
    clips, unused = pair_clips(args.input, args.scribbles, args.masks, output, notices)
    inputs = {clip.path.parent for clip in clips} | {Path(path) for path in (args.scribbles, args.masks) if path}
    if output.resolve() in {path.resolve() for path in inputs}:
        raise InputError(f"--output {args.output}: is a folder of the input; name another one")
    if unused:
        notices.add(f"scribbles or masks of {len(unused)} names, but no such video", *unused)
    notices.tell()
    return clips


def take_finished(clips: list[Clip], finished: FinishedClips, output: Path) -> dict[str, Entry]:
    """Return the entries of the clips that an earlier run has done, and remove what it had half written."""
    remove_leftovers(output)
    entries: dict[str, Entry] = {}
    for clip in clips:
        remove_leftovers(output / clip.name)
        entry = finished.read(clip)
        if entry is not None:
            logger.info("%s: already done, taken as it is", clip.name)
            entries[clip.name] = {"status": "already done", **entry}
    return entries


def run_share(
    cfg: Mapping[str, Any], args: Namespace, preprocess: Preprocess, clips: list[Clip], finished: FinishedClips
) -> dict[str, Entry]:
    """Segment this process's clips with one model and return their entries, also of those that failed."""
    if not clips:
        return {}
    model = build_model(cfg["MODEL"])
    load_into(model, args.weights)
    model.eval()
    engine = build_engine(model, args.engine, engine_precision(cfg))
    settings = session_settings(cfg)

    def run(clip: Clip) -> Entry:
        began = time.perf_counter()
        made_from = finished.made_from(clip)
        frames = open_frames(clip.path, lenient=True)
        start = read_start(frames, _text(clip.scribbles), _text(clip.mask), args.objects)
        folder = check_output(str(Path(args.output) / clip.name), frames)
        session = Session(engine, frames, preprocess, start.objects, undo_depth=1, **settings)
        finished.forget(clip)
        segment(session, frames, start, folder, _text(clip.scribbles))
        seconds = round(time.perf_counter() - began, 2)
        entry: Entry = {"frames": len(frames), "objects": start.objects, "seconds": seconds}
        logger.info("%s: %d frames, %d objects, %.1f seconds", clip.name, *entry.values())
        frames.notices.tell()
        told = {"unreadable": frames.unreadable, "notices": frames.notices.document()}
        entry |= {key: value for key, value in told.items() if value}
        finished.write(clip, made_from, entry)
        return {"status": "done", **entry}

    entries: dict[str, Entry] = {}
    bar = tqdm(clips, desc="videos", unit="video", disable=not processes.is_main())
    for clip in bar:
        bar.set_postfix_str(clip.name)
        try:
            entries[clip.name] = run(clip)
        except InputError as error:
            logger.error("%s: %s", clip.name, error)
            entries[clip.name] = {"status": "failed", "error": str(error)}
    return entries


def write_summary(output: Path, entries: Mapping[str, Entry], notices: Notices) -> None:
    """Write ``summary.json`` with what was not used, and tell how many videos there are of each status."""
    with atomic_path(output / "summary.json") as temporary:
        temporary.write_text(
            json.dumps({"videos": entries, "notices": notices.document()}, indent=2) + "\n", encoding="utf-8"
        )
    found = [entry["status"] for entry in entries.values()]
    counts = ", ".join(f"{found.count(status)} {status}" for status in sorted({*found}))
    logger.info("%d videos: %s; results and summary.json in %s", len(found), counts, output)


def _text(path: Path | None) -> str | None:
    return str(path) if path else None
