"""One video from opening to export, as a person does it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tests.browser.clips import disc_centre
from tests.browser.served import CONFIG, ROOT, WEIGHTS, Served

if TYPE_CHECKING:
    from tests.browser.person import Person

FRAMES = 40
GROUND = (0.9, 0.9)


def disc(frame: int) -> tuple[float, float]:
    return disc_centre(frame, FRAMES)


def across(frame: int, reach: float = 0.06) -> list[tuple[float, float]]:
    """A line over the disc."""
    x, y = disc(frame)
    return [(x - reach, y - reach), (x, y), (x + reach, y + reach)]


def test_a_video_from_opening_to_export(person: Person, served: Served, videos: Path, tmp_path: Path) -> None:
    person.open_video(served.home, "disc.mp4")
    person.full_strength()
    person.go_to(20)

    # Draw on the object, then on the background: the mask is there after each stroke.
    person.see_no_mask(disc(20))
    person.draw(*across(20))
    person.see_mask(disc(20))
    person.see_no_mask(GROUND)
    person.button("background").click()
    person.draw((0.1, 0.9), (0.9, 0.9))
    person.see_mask(disc(20))
    assert [stroke["object_id"] for stroke in person.document()["strokes"]] == [1, 0]

    # Propagate: masks stream in, in both directions.
    person.button("propagate").click()
    person.wait_for("propagate")
    person.wait_for("idle")
    document = person.document()
    assert document["frames"]["state"] == "p" * 20 + "a" + "p" * 19
    assert person.frame == 20  # back from following
    for frame in (2, 37):
        person.go_to(frame)
        person.see_mask(disc(frame))
        person.see_no_mask(GROUND)

    # Correct on another frame, limited to a span.
    person.go_to(30)
    person.press("i")
    person.go_to(39)
    person.press("o")
    person.go_to(35)
    person.press("b")
    person.draw(*across(35))
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle")
    assert person.document()["rounds"][1]["span"] == [30, 39]
    assert person.frame == 35
    person.see_mask(disc(35))

    # Undo the round, then its stroke, and bring both back.
    rounds = person.document()["rounds"]
    person.press("Control+z", "Control+z")
    person.wait_for("idle")
    assert len(person.document()["rounds"]) == 1
    person.press("Control+Shift+z", "Control+y")
    person.wait_for("idle")
    assert person.document()["rounds"] == rounds
    person.press("u")
    person.wait_for("idle")
    assert len(person.document()["rounds"]) == 1
    person.button("redoRound").click()
    person.wait_for("idle")
    assert person.document()["rounds"] == rounds

    # All of it is there after a reload.
    before = person.document()
    person.page.reload()
    person.see_editor()
    person.see_mask(disc(35))
    after = person.document()
    assert (after["strokes"], after["rounds"], after["frames"]) == (
        before["strokes"],
        before["rounds"],
        before["frames"],
    )

    # Undo the span, which a scribble file cannot say; what is exported then is what --infer makes of the strokes.
    person.press("Control+z", "Control+z")
    person.wait_for("idle")
    scribbles = person.export("Strokes", "scribbles.json", tmp_path)
    masks = person.export("Masks, one PNG a frame Palette", "palette.zip", tmp_path)
    compare(videos / "disc.mp4", scribbles, masks, tmp_path)


def compare(video: Path, scribbles: Path, masks: Path, folder: Path) -> None:
    """Check that the exported masks are, bit for bit, what ``--infer`` makes of the exported strokes."""
    found = json.loads(scribbles.read_text())
    assert {len(each["scribbles"]) for each in (found if isinstance(found, list) else [found])} == {FRAMES}
    output = folder / "inferred"
    command = [sys.executable, str(ROOT / "main.py"), "--infer", "-c", str(CONFIG), "-w", str(WEIGHTS)]
    command += ["--input", str(video), "--scribbles", str(scribbles), "--output", str(output)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    inferred = [np.array(Image.open(path)) for path in sorted((output / "masks").glob("*.png"))]
    with zipfile.ZipFile(masks) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        exported = [np.array(Image.open(archive.open(name))) for name in names]
    assert len(exported) == len(inferred) == FRAMES
    for frame, (ours, theirs) in enumerate(zip(exported, inferred, strict=True)):
        assert (ours == theirs).all(), f"frame {frame}"


def test_an_eraser_takes_strokes_back_until_they_are_propagated(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.full_strength()
    person.go_to(5)
    person.draw(*across(5))
    person.see_mask(disc(5))
    person.press("e")
    x, y = person.on_screen(disc(5))
    person.page.mouse.click(x, y)
    person.see_no_mask(disc(5))
    assert person.document()["strokes"] == []


def test_a_click_is_one_point_as_broad_as_the_brush(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(8)
    person.draw(disc(8))
    (stroke,) = person.document()["strokes"]
    assert len(stroke["points"]) == 1 and 0 < stroke["radius"] < 0.03
    assert np.abs(np.array(stroke["points"]) - disc(8)).max() < 0.03


def test_a_propagation_is_paused_and_cancelled(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(0)
    person.draw(*across(0))
    person.press("p")
    person.wait_for("propagate")
    person.press("p")
    person.wait_for("paused")
    some = person.document()["frames"]["state"].count("p")
    person.page.wait_for_timeout(600)
    assert person.document()["frames"]["state"].count("p") <= some + 1  # the frame that was under way
    person.press("p")
    person.wait_for("propagate")
    person.button("cancel").click()
    person.wait_for("idle")
    done = person.document()["frames"]["state"]
    assert done[0] == "a" and 0 < done.count("p") + 1 < FRAMES, "what is done stays, the rest is not done"
    assert person.document()["job"] is None


def test_objects_are_added_named_hidden_locked_and_removed(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.full_strength()
    person.go_to(10)
    person.draw(*across(10))
    person.see_mask(disc(10))
    row = person.page.locator("li.object[data-object='1']")

    row.locator("[data-control=hide]").click()
    person.see_no_mask(disc(10))
    person.press("Shift+H")
    person.see_mask(disc(10))

    row.locator("[data-control=color]").fill("#00ff00")
    person.see_mask(disc(10), (0, 255, 0))

    person.press("F2")
    person.page.keyboard.type("Disc")
    person.press("Enter")
    row.get_by_role("button", name="Disc", exact=True).wait_for()
    row.locator("[data-control=rename]").click()
    person.page.keyboard.type("Ball")
    person.press("Enter")
    person.page.locator(".object").get_by_role("button", name="Ball", exact=True).wait_for()

    person.press("Shift+L")
    row.locator("[data-control=lock][aria-pressed=true]").wait_for()
    person.page.mouse.click(*person.on_screen(disc(10)))
    person.page.get_by_text("This object is locked").wait_for()

    person.press("a")
    person.page.locator("li.object.on[data-object='2']").wait_for()
    person.press("1", "Shift+Delete")
    person.see_no_mask(disc(10), (0, 255, 0))
    person.page.get_by_text("Ball is removed.").wait_for()
    person.page.locator(".toast").get_by_role("button", name="Undo").click()
    person.see_mask(disc(10), (0, 255, 0))
    assert [(each["name"], each["locked"]) for each in person.document()["objects"]] == [("Ball", True), ("", False)]
