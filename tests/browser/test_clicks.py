"""Clicks and boxes: what a person does instead of drawing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.browser.clips import HEIGHT, RADIUS, WIDTH
from tests.browser.served import Served
from tests.browser.test_segment import disc

if TYPE_CHECKING:
    from tests.browser.person import Person


def test_clicks_are_pins_of_plus_and_minus_and_steps_of_undo(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(8)
    person.draw(disc(8))
    x, y = person.on_screen((0.9, 0.9))
    person.page.mouse.click(x, y, button="right")
    person.until(lambda: len(person.document()["strokes"]) == 2, "the right button says nothing")
    person.wait_for("idle")
    kinds = [(each["object_id"], each["shape"]) for each in person.document()["strokes"]]
    assert kinds == [(1, "click"), (0, "click")]
    assert all(len(each["points"]) == 1 and each["radius"] > 0 for each in person.document()["strokes"])
    # Where they lie, not where the pointer was: the picture may have moved by a pixel since.
    plus, minus = (top_pixel(person, each["points"][0]) for each in person.document()["strokes"])
    assert min(plus[:3]) > 220, "the plus, not the blob that the network is given"
    assert max(minus[:3]) < 50, "the minus"
    assert top_pixel(person, (0.9 + 20 / WIDTH, 0.9))[3] == 0
    person.page.mouse.move(x, y)
    person.page.mouse.down(button="right")
    person.page.mouse.move(x - 40, y, steps=4)
    person.page.mouse.up(button="right")
    person.press("Control+z")
    person.until(lambda: len(person.document()["strokes"]) == 1, "a drag of the right button is no click")
    person.press("Control+z")
    person.until(lambda: person.document()["strokes"] == [], "a click is a step of undo")


def test_a_box_stands_for_its_object(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.full_strength()
    person.go_to(8)
    person.press("r")
    x, y = disc(8)
    reach = 1.05 * RADIUS
    start = person.on_screen((x - reach / WIDTH, y - reach / HEIGHT))
    end = person.on_screen((x + reach / WIDTH, y + reach / HEIGHT))
    person.see_frame()
    person.page.mouse.move(*start)
    person.page.mouse.down()
    person.page.mouse.move(*end, steps=5)
    person.page.mouse.up()
    person.until(lambda: len(person.document()["strokes"]) > 1, "the box is not taken")
    person.wait_for("idle")
    for angle in range(0, 360, 45):
        edge = 0.7 * RADIUS
        person.see_mask((x + edge * math.cos(angle) / WIDTH, y + edge * math.sin(angle) / HEIGHT))
    person.see_no_mask((0.9, 0.9))
    person.press("Control+z")
    person.until(lambda: person.document()["strokes"] == [], "a box is one step of undo")
    person.page.mouse.click(*start)
    person.page.get_by_text("from one corner to the other").wait_for()


def top_pixel(person: Person, place: tuple[float, float]) -> list[int]:
    """Colour and opacity of what lies over the picture."""
    x, y = person.on_screen(place)
    person.page.mouse.move(640, 30)
    person.page.wait_for_timeout(200)
    found: list[int] = person.page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector(".picture-top");
            const box = canvas.getBoundingClientRect();
            return [...canvas.getContext("2d").getImageData(x - box.left, y - box.top, 1, 1).data];
        }""",
        [x, y],
    )
    return found
