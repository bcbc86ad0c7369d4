"""The timeline of a long video, playing, and jumping."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.clips import write_greys
from tests.browser.served import Served
from tests.browser.test_segment import across

if TYPE_CHECKING:
    from tests.browser.person import Person

expect = pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-browser installs it").expect


def test_two_thousand_frames_scroll(person: Person, served: Served) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url) if "/thumbs/" in request.url else None)
    person.open_video(served.home, "long.mp4")
    timeline = person.page.locator(".timeline-canvas")
    box = timeline.bounding_box()
    assert box is not None
    expect(timeline).to_have_attribute("aria-valuemax", "2000")
    person.page.mouse.move(box["x"] + 600, box["y"] + 40)
    for _ in range(30):
        person.page.mouse.wheel(0, 120)
    person.page.wait_for_timeout(300)
    person.page.mouse.click(box["x"] + box["width"] - 40, box["y"] + 5)
    assert person.frame > 1900, "the end is reached by scrolling"
    person.press("Home")
    assert person.frame == 0
    person.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)  # the overview below
    person.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 5)
    assert 900 < person.frame < 1100
    frames = {url.rsplit("/", 1)[-1] for url in asked}
    assert 0 < len(frames) < 400, "thumbnails are fetched for what is in sight"


@pytest.mark.parametrize(("width", "height"), [(1024, 32), (32, 512)])
def test_the_strip_of_a_very_wide_or_narrow_clip_shows_many_frames(
    person: Person, served: Served, videos: Path, width: int, height: int
) -> None:
    clip = write_greys(videos / f"{width}.mp4", (width, height))
    asked: set[str] = set()
    person.page.on("request", lambda request: asked.add(request.url) if "/thumbs/" in request.url else None)
    person.page.goto(served.home + "#/")
    person.page.locator(".folder-row", has_text=clip.name).click()
    timeline = person.page.locator(".timeline-canvas")
    timeline.wait_for(timeout=120_000)
    person.until(lambda: len(asked) >= 10, "too few thumbnails")
    box = timeline.bounding_box()
    assert box is not None and len(asked) <= box["width"] / 40 + 2, "and none is narrower than 40 px"


def test_keys_and_fingers_zoom_the_timeline(new_person: Callable[..., Person], served: Served) -> None:
    person = new_person(has_touch=True)
    person.open_video(served.home, "long.mp4")
    box = person.page.locator(".timeline-canvas").bounding_box()
    assert box is not None

    def frames_in_sight() -> int:
        """The frame at the right end, while the first one is at the left."""
        person.press("Home")
        person.page.mouse.click(box["x"] + box["width"] - 40, box["y"] + 5)
        return person.frame

    opened = frames_in_sight()
    person.press("Home", *["Shift+ArrowUp"] * 4)
    near = frames_in_sight()
    assert near < opened / 2
    person.press("Home", *["Shift+ArrowDown"] * 4)
    assert abs(frames_in_sight() - opened) < opened / 20
    person.press("Home")
    left, y = box["x"] + 20, box["y"] + 40
    person.touch("touchStart", (left, y))
    person.touch("touchStart", (left, y), (left + 100, y))
    person.touch("touchMove", (left, y), (left + 300, y))
    person.touch("touchEnd")
    assert frames_in_sight() < opened / 2


def test_it_plays_at_the_videos_rate_and_stops_at_the_end(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.press("Home", " ")
    expect(person.button("play")).to_have_attribute("aria-label", "Stop")
    person.until(lambda: person.frame > 0, "it does not play")
    expect(person.button("play")).to_have_attribute("aria-label", "Play")
    assert person.frame == 39


def test_keys_step_and_jump(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.press("End", "ArrowLeft", "Shift+ArrowLeft")
    assert person.frame == 28
    person.go_to(12)
    person.draw(*across(12))
    person.go_to(30)
    person.press("PageUp")
    assert person.frame == 12
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle")
    changed = person.document()["frames"]["changed"]
    most = max(each or 0 for each in changed)

    def jumped() -> bool:
        person.press("j")
        return changed[person.frame] == most

    person.until(jumped, "what changed does not get to the page")  # the server may know it before the page does
