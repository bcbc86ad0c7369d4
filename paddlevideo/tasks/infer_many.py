"""Masks of many videos, each from its own scribbles or its own first mask.

    python main.py --infer -c CFG -w WEIGHTS --input videos/ --scribbles strokes/ --output output/all
    python main.py --infer -c CFG -w WEIGHTS --input "videos/*.mp4" --masks firsts/ --output output/all
    python -B -m paddle.distributed.launch --nproc_per_node=2 --log_dir=log main.py --infer ...

Writes for each video what `tasks.infer` writes, into a folder of its name, and `done.json` last: a second run
skips those that are done. A video that fails, or whose results would replace a person's files, is reported in one line,
and the others go on. Several processes share the videos; ``summary.json`` lists them all.
"""

from __future__ import annotations

import json
import logging
import time
from argparse import Namespace
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..loader.notices import Notices
from ..loader.video import open_frames
from ..loader.video_collection import Clip, listed, pair_clips
from ..session.segmenter import Segmenter
from ..utils import processes
from ..utils.errors import DamagedInput, InputError, one_line
from ..utils.files import remove_leftovers
from ..utils.run_lock import RunLock
from ..utils.written import Written
from ..weights.safe_pickle import open_file
from ..writers.edges import Edge
from ..writers.exporter import check_exporters, find_exporters
from .finished import FinishedClips
from .infer import Exporters, check_output, check_writable, read_start, segment, told

logger = logging.getLogger(__name__)

Entry = dict[str, Any]  # of one video in the summary


def infer_many(cfg: Mapping[str, Any], args: Namespace) -> None:
    """Run ``main.py --infer`` over many videos.

    Raises `InputError` before the model is built when videos and strokes do not pair up, and at the end, on every
    rank, when some of the videos could not be done.
    """
    exporters, edge = find_exporters(args.export), Edge(args.grow, args.feather)
    Segmenter.check(cfg)
    output = check_writable(args.output)
    with open_file(args.weights):  # before anything is written
        notices = Notices()
        clips = processes.from_main(lambda: find_clips(args, output, notices))
    inputs = input_files(args.weights, clips)
    summary = Written(output, inputs)
    processes.from_main(lambda: summary.check("summary.json"))
    finished = FinishedClips(output, cfg, args.weights, args.engine, args.objects, exporters, args.names, edge)
    with RunLock(output):
        entries = processes.from_main(lambda: take_finished(clips, finished, output))
        todo = [clip for clip in clips if clip.name not in entries]
        for share in processes.gather(run_share(cfg, args, exporters, processes.shard(todo), finished, inputs)):
            entries |= share
        entries = {clip.name: entries[clip.name] for clip in clips}
        if processes.is_main():
            write_summary(summary, entries, notices)
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
    if args.mask_frame is not None:
        raise InputError("--mask_frame goes with one mask of one video; name masks of many videos after their frames")
    clips, unused = pair_clips(args.input, args.scribbles, args.masks, output, notices)
    inputs = {clip.path.parent for clip in clips} | {Path(path) for path in (args.scribbles, args.masks) if path}
    if output.resolve() in {path.resolve() for path in inputs}:
        raise InputError(f"--output {args.output}: is a folder of the input; name another one")
    if unused:
        notices.add(f"scribbles or masks of {len(unused)} names, but no such video", *unused)
    notices.tell()
    return clips


def input_files(weights: str, clips: list[Clip]) -> set[Path]:
    """Return the real paths of all that is read: no result of any video may replace them."""
    files = [Path(weights)]
    for clip in clips:
        files += [clip.scribbles] if clip.scribbles else []
        with suppress(OSError, InputError):  # reported when its turn comes
            files += [*clip.masks(), *clip.files()]
    return {path.resolve() for path in files}


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
    cfg: Mapping[str, Any],
    args: Namespace,
    exporters: Exporters,
    clips: list[Clip],
    finished: FinishedClips,
    inputs: Iterable[Path],
) -> dict[str, Entry]:
    """Segment this process's clips with one model and return their entries, also of those that failed."""
    if not clips:
        return {}
    edge = Edge(args.grow, args.feather)
    segmenter = Segmenter.from_config(cfg, args.weights, args.engine)

    def run(clip: Clip) -> Entry:
        began = time.perf_counter()
        made_from = finished.made_from(clip)
        frames = open_frames(clip.path, lenient=True)
        start = read_start(frames, _text(clip.scribbles), _text(clip.mask), args.objects).shown(args.names, edge)
        check_exporters(exporters, start.clip(frames))
        written = check_output(str(Path(args.output) / clip.name), frames, exporters, inputs)
        session = segmenter.open(frames, start.objects, undo_depth=1)
        segment(session, frames, start, exporters, written, _text(clip.scribbles))
        seconds = round(time.perf_counter() - began, 2)
        entry: Entry = {"frames": len(frames), "objects": start.objects, "seconds": seconds}
        logger.info("%s: %d frames, %d objects, %.1f seconds", clip.name, *entry.values())
        frames.notices.tell()
        entry |= told(frames)
        finished.write(clip, made_from, entry)
        return {"status": "done", **entry}

    entries: dict[str, Entry] = {}
    bar = tqdm(clips, desc="videos", unit="video", disable=not processes.is_main())
    for clip in bar:
        bar.set_postfix_str(clip.name)
        processes.check_main()
        try:
            entries[clip.name] = run(clip)
        except InputError as error:
            logger.error("%s: %s", clip.name, error)
            entries[clip.name] = {"status": "failed", "error": str(error)}
        except Exception as error:  # a fault of ours: the others go on all the same
            logger.exception("%s: an error that is not foreseen", clip.name)
            entries[clip.name] = {"status": "failed", "error": f"{type(error).__name__}: {one_line(error)}"}
    return entries


def write_summary(written: Written, entries: Mapping[str, Entry], notices: Notices) -> None:
    """Write ``summary.json`` with what was not used, and log how many videos have each status."""
    document = {"videos": entries, "notices": notices.document()}
    with written.path("summary.json") as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    found = [entry["status"] for entry in entries.values()]
    counts = ", ".join(f"{found.count(status)} {status}" for status in sorted({*found}))
    logger.info("%d videos: %s; results and summary.json in %s", len(found), counts, written.folder)


def _text(path: Path | None) -> str | None:
    return str(path) if path else None
