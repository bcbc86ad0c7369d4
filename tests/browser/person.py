"""What a person does on the page, and what they see: used by the tests of this folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, expect

RED = (230, 25, 75)  # of the first object
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
Place = tuple[float, float]
_MARGIN = 12  # px that the page leaves around a fitted picture
_PATIENCE = 300.0  # seconds until a mask or a file is there: the first mask after a change of the code compiles anew
_WAIT = 180.0  # seconds for anything else, on a busy machine right after an installation
expect.set_options(timeout=1000 * _WAIT)


class Person:
    """Somebody in front of one tab. Places are x, y in 0..1 of the picture; frames count from 0."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(1000 * _WAIT)
        self.problems: list[str] = []
        self._session: CDPSession | None = None
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    # -------------------------------------------------------------------------------------------------- open

    def open_video(self, home: str, name: str) -> None:
        """From the start screen open a video of the allowed folder."""
        self.page.goto(home + "#/")
        self.page.locator(".folder-row", has_text=name).click()
        self.see_editor()

    def see_editor(self) -> None:
        """Wait until the editor shows its picture."""
        expect(self.page.locator(".editor")).to_be_visible(timeout=120_000)  # a process of its own looks into the video
        self.until(lambda: sum(self.pixel((0.5, 0.5))) > 70, "no picture")

    def see_ready(self, frames: int) -> None:
        """Wait until all frames are prepared and the network is ready, of which the status line says no more then."""
        self.until(lambda: self.document()["embedded"] == frames, "the frames are not prepared", 600)
        expect(self.page.locator(".status-text")).not_to_contain_text("(", timeout=600_000)

    def document(self) -> dict[str, Any]:
        """The open project as the server has it."""
        key = self.page.url.rsplit("/", 1)[-1]
        found: dict[str, Any] = self.page.evaluate(f"fetch('api/projects/{key}').then((answer) => answer.json())")
        return found

    # ------------------------------------------------------------------------------------------------ controls

    def button(self, action: str) -> Locator:
        """The button of an action."""
        return self.page.locator(f"[data-action={action}]")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def state(self) -> str:
        return self.page.locator(".status").get_attribute("data-state") or ""

    def wait_for(self, state: str, seconds: float = _WAIT) -> None:
        """Wait for a state of the status line: idle, busy, propagate, paused, lost, ..."""
        expect(self.page.locator(".status")).to_have_attribute("data-state", state, timeout=1000 * seconds)

    @property
    def frame(self) -> int:
        return int(self.page.locator(".clock b").inner_text()) - 1

    def go_to(self, frame: int) -> None:
        """Click the frame on the timeline's ruler, which must show the whole video."""
        timeline = self.page.locator(".timeline-canvas")
        box, frames = _box(timeline), int(timeline.get_attribute("aria-valuemax") or 1)
        self.page.mouse.click(box["x"] + 10 + (frame + 0.5) * (box["width"] - 20) / frames, box["y"] + 6)
        expect(self.page.locator(".clock b")).to_have_text(str(frame + 1))

    def touch(self, kind: str, *places: Place) -> None:
        """Send a touch event (touchStart, touchMove, touchEnd) with fingers at these places of the screen."""
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        self._devtools().send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def draw_with_pen(self, start: Place, end: Place) -> None:
        """Draw a line between places of the screen with a pen."""
        steps = (("mousePressed", start, 1), ("mouseMoved", end, 1), ("mouseReleased", end, 0))
        for kind, (x, y), buttons in steps:
            event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1}
            self._devtools().send("Input.dispatchMouseEvent", {**event, "pointerType": "pen"})

    def drop(self, path: Path) -> None:
        """Drag a file or a folder to the middle of the picture."""
        x, y = self.on_screen((0.5, 0.5))
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self._devtools().send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})

    def _devtools(self) -> CDPSession:
        if self._session is None:
            self._session = self.page.context.new_cdp_session(self.page)
        return self._session

    # ------------------------------------------------------------------------------------------------- picture

    def on_screen(self, place: Place) -> Place:
        """Where a place of the fitted picture is on the screen."""
        box = _box(self.page.locator(".picture-top"))
        video = self.document()["video"]
        room = (box["width"] - 2 * _MARGIN, box["height"] - 2 * _MARGIN)
        scale = min(room[0] / video["width"], room[1] / video["height"])
        left = box["x"] + (box["width"] - video["width"] * scale) / 2
        top = box["y"] + (box["height"] - video["height"] * scale) / 2
        return left + place[0] * video["width"] * scale, top + place[1] * video["height"] * scale

    def see_frame(self) -> None:
        """Wait until the frame to show is on the screen: none can be drawn on before."""
        self.page.evaluate(_DRAWN)  # what was pressed just now shows with the page's next drawing
        expect(self.page.locator(".picture-wait")).to_be_hidden()

    def draw(self, *places: Place) -> None:
        """Draw a line through the places with the mouse, and wait for its mask."""
        before = len(self.document()["strokes"])
        screen = [self.on_screen(place) for place in places]
        refused = self.page.get_by_text("still being loaded")
        while True:
            expect(refused).to_have_count(0)  # what is said of a stroke before
            self.see_frame()
            self._drag(screen)
            if not refused.count():  # else a person waits and draws again
                break
        self.until(lambda: len(self.document()["strokes"]) == before + 1, "the stroke is not taken")
        expect(self.page.locator(".status")).not_to_have_attribute("data-state", "busy", timeout=1000 * _PATIENCE)

    def _drag(self, places: Sequence[Place]) -> None:
        """Press the mouse at the first of these places of the screen, move it through the others, let it go."""
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=6)
        self.page.mouse.up()

    def pixel(self, place: Place) -> tuple[int, int, int]:
        """Colour of the picture with its masks, as the canvas has it."""
        box = _box(self.page.locator(".picture-canvas"))
        x, y = self.on_screen(place)
        red, green, blue = self.page.evaluate(
            """([x, y]) => {
                const canvas = document.querySelector(".picture-canvas");
                return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3);
            }""",
            [x - box["x"], y - box["y"]],
        )
        return red, green, blue

    def see_mask(self, place: Place, colour: Sequence[int] = RED, seconds: float = _WAIT) -> None:
        """Wait until a mask of full strength in this colour is seen at a place."""
        self.until(lambda: math.dist(self.pixel(place), colour) < 12, f"no mask at {place}", seconds)

    def see_no_mask(self, place: Place, colour: Sequence[int] = RED, seconds: float = _WAIT) -> None:
        self.until(lambda: math.dist(self.pixel(place), colour) > 40, f"a mask at {place}", seconds)

    def full_strength(self) -> None:
        """Let masks hide the picture, so that their pixels are the objects' colours."""
        self.press(*["."] * 6)

    # ------------------------------------------------------------------------------------------------- results

    def export(self, kind: str, name: str, folder: Path) -> Path:
        """Export by the dialog, take the download, which has this name and begins by itself, and return its path."""
        self.button("export").click()
        dialog = self.page.get_by_role("dialog")
        self.choose_export(kind)
        with self.page.expect_download(timeout=1000 * _PATIENCE) as download:
            dialog.get_by_role("button", name="Export", exact=True).click()
        expect(dialog.locator(".export-message")).to_contain_text("Done")
        path = folder / download.value.suggested_filename
        assert path.name.endswith(f"-{name}")
        download.value.save_as(path)
        self.press("Escape")
        return path

    def choose_export(self, kind: str) -> None:
        """Choose a kind in the export dialog, which may be under "More formats"."""
        dialog = self.page.get_by_role("dialog")
        dialog.locator(".export-kind").first.wait_for()
        if not dialog.locator(".export-presets").get_by_role("radio", name=kind).count():
            dialog.locator("details:not([open]) summary").click()
        dialog.get_by_role("radio", name=kind).check()

    def until(self, condition: Callable[[], bool], otherwise: str, seconds: float = _WAIT) -> None:
        """Wait until a condition holds. (The page's policy forbids scripts in strings, Playwright's own waiting.)"""
        for _ in range(round(seconds / 0.1)):
            if condition():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{otherwise}, frame {self.frame}, messages {self.messages()}")

    def messages(self) -> list[str]:
        """What the page's messages say just now."""
        return self.page.locator(".toast p").all_inner_texts()


def _box(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box is not None
    return dict(box)
