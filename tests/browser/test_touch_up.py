"""Masks mended by hand: painted to the pixel, cleaned, brought as files, and never overwritten."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.browser.clips import HEIGHT, RADIUS, WIDTH
from tests.browser.served import Served
from tests.browser.test_segment import FRAMES, across, disc

if TYPE_CHECKING:
    from tests.browser.person import Person

DROPPED = {
    "en-GB": ("Strokes taken: 2, on frames: 2", "it is of 39 frames, the video has 40"),
    "zh-CN": ("已导入 2 条笔画，涉及 2 帧", "文件有 39 帧，而视频有 40 帧"),
}


def test_a_rope_one_pixel_wide_is_in_the_mask_and_stays(person: Person, served: Served, tmp_path: Path) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(10)
    person.draw(*across(10))
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle")
    person.go_to(20)
    before = mask_of(person, 20)
    person.press("m")
    person.page.get_by_role("spinbutton", name="Width").fill("1")
    person.page.get_by_role("spinbutton", name="Width").press("Enter")
    person.see_frame()
    rope = [(0.1, 0.2), (0.3, 0.2)]
    paint(person, *rope)
    person.page.locator(".round", has_text="not propagated").wait_for()
    new = (mask_of(person, 20) == 1) & (before == 0)
    rows, columns = np.nonzero(new)
    assert len(set(rows)) == 1 and abs(rows[0] - 0.2 * HEIGHT) <= 1, "one row of pixels"
    assert abs(columns.min() - 0.1 * WIDTH) <= 1 and abs(columns.max() - 0.3 * WIDTH) <= 1
    assert len(columns) == columns.max() - columns.min() + 1, "without a gap"

    # Alt paints out, which is a step of undo; the frame by hand is left alone by what is propagated.
    by_hand = mask_of(person, 20)
    person.page.keyboard.down("Alt")
    paint(person, *rope)
    person.page.keyboard.up("Alt")
    person.until(lambda: (mask_of(person, 20) == before).all(), "it is not painted out")
    person.press("Control+z")
    person.until(lambda: (mask_of(person, 20) == by_hand).all(), "the undo does not bring it back")
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle")
    person.press("b")
    person.go_to(30)
    person.draw(*across(30))
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle")
    assert (mask_of(person, 20) == by_hand).all()
    assert person.document()["lanes"]["1"][20] == "h"

    with zipfile.ZipFile(person.export("Masks, one PNG a frame Palette", "palette.zip", tmp_path)) as archive:
        name = sorted(each for each in archive.namelist() if each.endswith(".png"))[20]
        assert (np.array(Image.open(archive.open(name))) == by_hand).all(), "the export has it to the pixel"


def test_a_soft_mask_brush_takes_what_is_like_its_middle(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.press("m")
    for name, value in (("Width", "100"), ("Hardness", "0")):
        field = person.page.get_by_role("spinbutton", name=name)
        field.fill(value)
        field.press("Enter")
    person.see_frame()
    x, y = disc(0)
    row, column = round(y * HEIGHT), round(x * WIDTH)
    paint(person, (x - 0.03, y), (x + 0.03, y))
    person.until(lambda: bool(mask_of(person, 0).any()), "nothing is painted")
    soft = mask_of(person, 0) > 0
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(rows - row, columns - column)
    assert soft[away < RADIUS - 5].mean() > 0.7, "the disc, but for its darkest and brightest blocks"
    assert soft[away > RADIUS + 4].mean() < 0.001, "none of the ground"
    field.fill("100")
    field.press("Enter")
    paint(person, (x - 0.03, y), (x + 0.03, y))
    person.until(lambda: mask_of(person, 0)[row - 45, column] == 1, "a hard brush does not take all")


def test_an_object_is_not_in_a_frame_and_masks_are_tidied(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.full_strength()
    rings = np.zeros((HEIGHT, WIDTH), np.uint8)
    rings[20:60, 20:60], rings[30:35, 30:35], rings[100:104, 200:204] = 1, 0, 1
    drop(person, {"mask.png": rings})
    person.page.get_by_text("1 of 1 masks are taken").wait_for()
    person.see_mask((0.1, 0.16))
    assert (mask_of(person, 0) == rings).all()
    person.press("m")
    largest = person.page.get_by_role("spinbutton", name="largest hole")
    assert largest.input_value() == "100"
    largest.fill("24")  # the hole has 25
    largest.press("Enter")
    with person.page.expect_response("**/clean"):
        person.button("holes").click()
    assert (mask_of(person, 0) == rings).all(), "a hole larger than the size is filled"
    largest.fill("25")
    largest.press("Enter")
    person.button("holes").click()
    person.until(lambda: mask_of(person, 0)[32, 32] == 1, "the hole is not filled")
    person.button("islands").click()
    person.until(lambda: mask_of(person, 0)[101, 201] == 0, "the island is there")
    person.button("absent").click()
    person.until(lambda: not mask_of(person, 0).any(), "the object is there")
    person.see_no_mask((0.1, 0.16))
    (only,) = person.document()["rounds"]
    assert only["by_hand"] and only["frame"] == 0


def test_masks_are_dropped_for_the_frames_they_are_numbered_after(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    masks = {}
    for frame in (3, 12):
        masks[frame] = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.circle(masks[frame], (int(disc(frame)[0] * WIDTH), int(disc(frame)[1] * HEIGHT)), 30, 2, cv2.FILLED)
    drop(person, {f"{frame:05d}.png": mask for frame, mask in masks.items()})
    person.page.get_by_text("2 of 2 masks are taken").wait_for()
    for frame, mask in masks.items():
        assert (mask_of(person, frame) == mask).all()
    assert [each["id"] for each in person.document()["objects"]] == [1, 2], "an object for the new id"
    drop(person, {"small.png": np.zeros((9, 9), np.uint8)})
    person.page.get_by_text("the mask is 9 × 9").wait_for()
    drop(person, {"a.png": masks[3], "b.png": masks[3]})
    person.page.get_by_text("numbered after").wait_for()
    assert len(person.document()["rounds"]) == 2 and FRAMES > 12


def test_a_folder_of_masks_is_dropped(person: Person, served: Served, tmp_path: Path) -> None:
    person.open_video(served.home, "disc.mp4")
    masks = {frame: np.full((HEIGHT, WIDTH), frame % 2, np.uint8) for frame in range(4, 7)}
    for frame, mask in masks.items():
        cv2.imwrite(str(tmp_path / f"{frame:05d}.png"), mask)
    person.drop(tmp_path)
    person.page.get_by_text("3 of 3 masks are taken").wait_for()
    for frame, mask in masks.items():
        assert (mask_of(person, frame) == mask).all()


@pytest.mark.parametrize("language", DROPPED)
def test_a_file_of_strokes_is_dropped(new_person: Callable[..., Person], served: Served, language: str) -> None:
    taken, wrong = DROPPED[language]
    person = new_person(locale=language)
    person.open_video(served.home, "disc.mp4")
    by_frame: list[list[dict[str, object]]] = [[] for _ in range(FRAMES)]
    for frame in (0, 12):
        by_frame[frame] = [{"path": across(frame), "object_id": 1}]
    drop_files(person, {"strokes.json": json.dumps({"scribbles": by_frame}).encode()})
    person.page.get_by_text(taken).wait_for()
    person.full_strength()
    person.see_mask(disc(0))
    document = person.document()
    assert [(each["frame"], each["propagated"]) for each in document["rounds"]] == [(0, False), (12, False)]
    assert mask_of(person, 12)[int(disc(12)[1] * HEIGHT), int(disc(12)[0] * WIDTH)] == 1
    person.press("Control+z")
    person.see_no_mask(disc(0))
    assert person.document()["strokes"] == []
    drop_files(person, {"short.json": json.dumps({"scribbles": by_frame[1:]}).encode()})
    person.page.get_by_text(wrong).wait_for()
    assert person.document()["strokes"] == []


def paint(person: Person, *places: tuple[float, float]) -> None:
    """Draw through places with the tool that is chosen, and wait for the answer."""
    first, *rest = [person.on_screen(each) for each in places]
    person.page.mouse.move(*first)
    person.page.mouse.down()
    for place in rest:
        person.page.mouse.move(*place, steps=5)
    person.page.mouse.up()
    person.wait_for("idle")


def mask_of(person: Person, frame: int) -> np.ndarray:
    """A frame's mask as the server has it."""
    key = person.page.url.rsplit("/", 1)[-1]
    url = person.page.evaluate(
        """async (address) => {
            const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
            return btoa(String.fromCharCode(...bytes));
        }""",
        f"api/projects/{key}/masks/{frame}.png",
    )
    return np.array(Image.open(io.BytesIO(base64.b64decode(url))))


def drop(person: Person, masks: dict[str, np.ndarray]) -> None:
    """Drop pictures of ids on the picture."""
    drop_files(person, {name: cv2.imencode(".png", mask)[1].tobytes() for name, mask in masks.items()})


def drop_files(person: Person, files: dict[str, bytes]) -> None:
    person.page.evaluate(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, bytes] of files)
                transfer.items.add(new File([Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0))], name));
            document.querySelector(".picture").dispatchEvent(
                new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        [[name, base64.b64encode(data).decode()] for name, data in files.items()],
    )
