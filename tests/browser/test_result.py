"""The result is looked at as it will be exported: looks, solo, edges; the export shows what the view shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest

from paddlevideo.writers.edges import Edge, alpha, coverage, nearest_object
from tests.browser.clips import HEIGHT, WIDTH
from tests.browser.served import Served
from tests.browser.test_segment import across
from tests.browser.test_touch_up import drop, paint

if TYPE_CHECKING:
    from tests.browser.person import Person

# In the middle of the clip's blocks of 8x8 pixels: at their borders, a picture a little larger has another colour.
LEFT, RIGHT, GROUND = ((x / WIDTH, y / HEIGHT) for x, y in ((52, 76), (180, 76), (116, 132)))
EDGES = [Edge(), Edge(3), Edge(-4), Edge(feather=7), Edge(6, 5), Edge(-2, 9), Edge(1.5, 0.5), Edge(40, 30)]


def squares() -> np.ndarray:
    """Object 1 on the left, object 2 on the right, 40 pixels wide."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for number, (x, y) in enumerate((LEFT, RIGHT), 1):
        column, row = round(x * WIDTH), round(y * HEIGHT)
        mask[row - 20 : row + 20, column - 20 : column + 20] = number
    return mask


@pytest.fixture
def editor(person: Person, served: Served) -> Person:
    """Somebody with two squares on the first frame, who looks at them with full strength."""
    person.open_video(served.home, "disc.mp4")
    person.full_strength()
    drop(person, {"00000.png": squares()})
    person.page.get_by_text("1 of 1 masks are taken").wait_for()
    person.see_mask(LEFT)
    return person


def look(person: Person, name: str) -> None:
    person.page.locator(f"[data-look={name}]").click()


def see(person: Person, place: tuple[float, float], colour: tuple[int, int, int] | int, within: float = 12) -> None:
    """Wait until the picture has this colour, or grey, at a place."""
    wanted = np.array((colour,) * 3 if isinstance(colour, int) else colour)
    person.until(
        lambda: bool(np.abs(np.array(person.pixel(place)) - wanted).max() <= within),
        f"{person.pixel(place)} at {place} in place of {colour}",
    )


def set_edge(person: Person, name: str, pixels: int) -> None:
    number = person.page.get_by_role("spinbutton", name=name)
    number.fill(str(pixels))
    number.press("Enter")


def test_the_page_computes_edges_as_exports_do(person: Person, served: Served) -> None:
    person.page.goto(served.home)
    rng = np.random.default_rng(3)
    spots = (cv2.GaussianBlur(rng.random((60, 90)), (0, 0), 4) * 40).astype(np.uint8) % 4
    cut_off = np.zeros((60, 90), np.uint8)
    cut_off[:25, :30], cut_off[40:, 50:70], cut_off[10, 80] = 2, 5, 1
    for mask in (spots, cut_off, np.zeros_like(spots), np.full_like(spots, 3)):
        for edge in EDGES:
            found = person.page.evaluate(
                """async ([ids, width, height, edge]) => {
                    const { edged } = await import("/static/js/picture/edges.js");
                    const found = edged(Uint8Array.from(ids), width, height, edge);
                    return [[...found.ids], [...found.alpha]];
                }""",
                [mask.ravel().tolist(), 90, 60, {"grow": edge.grow, "feather": edge.feather}],
            )
            ids, levels = (np.array(each).reshape(mask.shape) for each in found)
            assert np.abs(levels - alpha(mask > 0, edge).astype(int)).max() <= 1, edge  # of rounding
            wanted = nearest_object(mask, coverage(mask > 0, edge) > 0)
            same = (levels > 0) == (coverage(mask > 0, edge) > 0)
            assert np.array_equal(ids[same], wanted[same]) and same.mean() > 0.99, edge


def test_each_look_shows_what_it_says(editor: Person) -> None:
    picture = editor.pixel(GROUND)
    editor.press("s")  # no strokes are there; only the picture is left
    editor.press("q")
    editor.page.locator("[data-ground=black]").click()
    see(editor, GROUND, 0)
    assert min(editor.pixel(LEFT)) > 30
    editor.page.locator("[data-ground=white]").click()
    see(editor, GROUND, 255)
    editor.page.locator("[data-ground=checker]").click()
    editor.until(lambda: 60 < editor.pixel(GROUND)[0] < 160, "no checkerboard")
    look(editor, "matte")
    see(editor, GROUND, 0)
    see(editor, LEFT, 255)
    look(editor, "original")
    see(editor, GROUND, picture)
    inside = editor.pixel(LEFT)
    look(editor, "outline")
    see(editor, (LEFT[0] - 19.5 / WIDTH, LEFT[1]), (230, 25, 75), 40)
    see(editor, LEFT, inside)
    look(editor, "mask")
    editor.see_mask(LEFT)
    editor.press("Shift+q", "Shift+q", "Shift+q")  # matte
    see(editor, LEFT, 255)

    # Nothing is drawn there: a drag moves the picture. A tool goes back to editing.
    before = editor.document()["revision"]
    paint(editor, LEFT, RIGHT)
    assert editor.document()["revision"] == before
    editor.press("b")
    editor.see_mask(LEFT)
    assert editor.page.locator(".result-panel").is_hidden()
    editor.press("q", "Escape")
    editor.see_mask(LEFT)


def test_a_frame_without_a_mask_is_all_ground(editor: Person) -> None:
    editor.go_to(7)
    editor.press("q")
    look(editor, "matte")
    see(editor, LEFT, 0)
    look(editor, "cutout")
    editor.page.locator("[data-ground=white]").click()
    see(editor, LEFT, 255)


def test_solo_shows_the_chosen_object_alone_and_is_exported_so(editor: Person, tmp_path: Path) -> None:
    editor.press("F2")
    editor.page.keyboard.type("dog")
    editor.press("Enter")
    editor.press("q")
    look(editor, "matte")
    see(editor, RIGHT, 255)
    editor.press("1", "Shift+s")
    see(editor, RIGHT, 0)
    see(editor, LEFT, 255)
    editor.press("2")
    see(editor, LEFT, 0)
    see(editor, RIGHT, 255)
    editor.press("1")
    coco = json.loads(editor.export("Data set", "coco.json", tmp_path).read_text())
    assert [each["name"] for each in coco["categories"]] == ["dog"]
    assert [each["area"] for each in coco["annotations"]] == [1600]

    # Without solo, what is hidden is left out, and can be chosen all the same.
    editor.press("Shift+s", "Shift+h")
    see(editor, LEFT, 0)
    see(editor, RIGHT, 255)
    coco = json.loads(editor.export("Data set", "coco.json", tmp_path).read_text())
    assert [each["name"] for each in coco["categories"]] == ["object 2"]
    editor.button("export").click()
    dialog = editor.page.get_by_role("dialog")
    assert not dialog.get_by_role("checkbox", name="dog").is_checked()
    dialog.get_by_role("checkbox", name="Object 2").uncheck()
    dialog.get_by_text("No object is chosen").wait_for()
    assert dialog.get_by_role("button", name="Export", exact=True).is_disabled()
    dialog.get_by_role("checkbox", name="dog").check()
    assert dialog.get_by_role("button", name="Export", exact=True).is_enabled()


def test_grow_and_feather_act_at_once_and_on_export(editor: Person, tmp_path: Path) -> None:
    editor.press("q")
    look(editor, "matte")
    outside, edge = (LEFT[0] - 25.5 / WIDTH, LEFT[1]), (LEFT[0] - 30.5 / WIDTH, LEFT[1])
    see(editor, outside, 0)
    set_edge(editor, "Grow", 10)
    see(editor, outside, 255)
    set_edge(editor, "Feather", 16)
    see(editor, edge, 120, 12)  # half a pixel beyond the edge
    slider = editor.page.get_by_role("slider", name="Feather")
    slider.press("ArrowRight")
    editor.until(lambda: editor.page.get_by_role("spinbutton", name="Feather").input_value() == "17", "no step")
    set_edge(editor, "Feather", 16)

    matte = editor.export("Matte", "matte.mp4", tmp_path)
    with av.open(str(matte)) as container:
        first = next(container.decode(video=0)).to_ndarray(format="gray")
    difference = np.abs(first.astype(int) - alpha(squares() > 0, Edge(10, 16)))
    assert difference.mean() < 2 and difference.max() < 40  # H.264

    # They are there after a reload; the dialog says them, warns of formats that are hard, and sets them back.
    editor.until(lambda: editor.document()["settings"].get("feather") == 16, "they are not kept")
    editor.page.reload()
    editor.see_editor()
    editor.button("export").click()
    dialog = editor.page.get_by_role("dialog")
    dialog.get_by_text("grown by 10 px, feathered over 16 px").first.wait_for()
    editor.choose_export("Data set")
    dialog.get_by_text("feather is not").wait_for()
    dialog.get_by_role("button", name="Reset").click()
    dialog.get_by_text("feather is not").wait_for(state="detached")
    editor.press("Escape")
    editor.press("q")
    assert editor.page.get_by_role("spinbutton", name="Grow").input_value() == "0"


def test_presets_come_first_and_files_say_what_is_out_of_date(person: Person, served: Served, tmp_path: Path) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(20)
    person.draw(*across(20))
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle", 120)
    person.button("export").click()
    dialog = person.page.get_by_role("dialog")
    dialog.locator(".export-presets .export-kind").first.wait_for()
    names = dialog.locator(".export-presets b").all_inner_texts()
    assert names == ["Composite with alpha", "Matte", "Data set, COCO"]
    assert dialog.get_by_role("radio", name="Composite").is_checked()
    assert dialog.get_by_role("radio", name="YOLO").is_hidden()
    assert dialog.get_by_text("out of date").count() == 0
    person.press("Escape")

    person.export("Matte", "matte.mp4", tmp_path)
    with av.open(str(person.export("Composite", "cutout.mov", tmp_path))) as container:
        assert container.streams.video[0].codec_context.name == "prores"
    person.press("b")
    person.draw(*across(20, 0.08))
    person.button("export").click()
    dialog.get_by_text("39 frames are out of date").wait_for()
    rows = dialog.locator(".export-files li")
    person.until(lambda: rows.count() == 2, "the files are not listed")
    assert "cutout.mov" in rows.nth(0).inner_text() and "matte.mp4" in rows.nth(1).inner_text()
    assert all("out of date" in row for row in rows.all_inner_texts())
    person.press("Escape")
    person.export("Matte", "matte.mp4", tmp_path)
    person.button("export").click()
    person.until(lambda: "matte.mp4" in rows.nth(0).inner_text(), "the newest is not the first")
    assert "out of date" not in rows.nth(0).inner_text()
