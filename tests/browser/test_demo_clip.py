"""A real video, the demo clip, as the README's user meets it: 40 of its frames, 1280x720."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import av

from tests.browser.clips import BODY, FACE, GRASS, cut
from tests.browser.served import Served
from tests.browser.test_segment import FRAMES, compare

if TYPE_CHECKING:
    from tests.browser.person import Person

FIRST = 36  # of the clip
DRAWN = 48 - FIRST


def test_the_demo_clip_from_opening_to_export(
    new_person: Callable[..., Person], served: Served, videos: Path, bunny: Path, tmp_path: Path
) -> None:
    clip = cut(bunny, videos / "bunny.mp4", FIRST, FRAMES)
    person = new_person()
    person.open_video(served.home, clip.name)
    person.full_strength()
    person.go_to(DRAWN)
    person.draw(*BODY)
    person.see_mask(BODY[1])
    person.button("background").click()
    person.draw(*GRASS)
    person.see_mask(BODY[1])
    person.see_no_mask(GRASS[1])

    person.button("propagate").click()
    person.wait_for("propagate")
    person.until(lambda: 0 < person.document()["frames"]["state"].count("p") < FRAMES - 1, "no stream")
    person.wait_for("idle")
    assert person.document()["frames"]["state"] == "p" * DRAWN + "a" + "p" * (FRAMES - 1 - DRAWN)

    person.go_to(DRAWN + 15)
    person.press("b")
    person.draw(*FACE)
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle")
    done = person.document()
    assert [each["frame"] for each in done["rounds"]] == [DRAWN, DRAWN + 15]
    person.press("Control+z")
    person.wait_for("idle")
    assert not person.document()["rounds"][1]["propagated"]
    person.press("Control+y")
    person.wait_for("idle")
    assert person.document()["frames"] == done["frames"]
    person.page.reload()
    person.see_editor()
    person.see_mask(FACE[2])

    overlay = person.export("Video with coloured masks", "overlay.mp4", tmp_path)
    with av.open(str(overlay)) as container:
        frames = list(container.decode(video=0))
    assert (len(frames), frames[0].width, frames[0].height) == (FRAMES, 1280, 720)
    scribbles = person.export("Strokes", "scribbles.json", tmp_path)
    masks = person.export("Masks, one PNG a frame Palette", "palette.zip", tmp_path)
    compare(clip, scribbles, masks, tmp_path)
