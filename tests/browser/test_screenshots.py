"""The pictures of the documents, of the demo clip: taken with ``--screenshots`` alone, into docs/images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.clips import BODY, Shown, cut
from tests.browser.served import ROOT, Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.person import Person

IMAGES = ROOT / "docs" / "images"
LARGEST = 300_000  # bytes


@pytest.fixture
def demo(
    request: pytest.FixtureRequest, browser: Browser, bunny: Path, tmp_path: Path
) -> Iterator[Callable[..., tuple[Person, Served]]]:
    """Starts the server with the demo clip in its allowed folder and lets somebody in."""
    from tests.browser.person import Person

    if not request.config.getoption("--screenshots", False):
        pytest.skip("pictures of the documents are taken with --screenshots")
    (tmp_path / "videos").mkdir()
    cut(bunny, tmp_path / "videos" / "bunny.mp4", Shown.first, Shown.frames)
    served = Served(tmp_path, tmp_path / "videos").start()

    def enter(**options: object) -> tuple[Person, Served]:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 720}, **options})  # type: ignore[arg-type]
        person = Person(context.new_page())
        person.page.goto(served.url)
        return person, served

    yield enter
    served.kill()


def test_pictures_of_the_documents(demo: Callable[..., tuple[Person, Served]]) -> None:
    shown = Shown()
    person, served = demo(locale="en-GB")
    person.open_video(served.home, "bunny.mp4")
    person.see_ready(shown.frames)

    person.go_to(shown.drawn)
    person.draw(*BODY)
    take(person, "app-stroke")

    person.button("propagate").click()
    person.until(lambda: person.document()["frames"]["state"].count("p") > shown.frames // 3, "no propagation", 300)
    take(person, "app-propagate")

    person.wait_for("idle", 600)
    person.go_to(shown.corrected)
    person.button("background").click()
    person.draw(*shown.stone)
    person.press("b")
    person.draw(*shown.ear)
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle", 600)
    person.go_to(shown.corrected + 12)
    person.press("v", "s")
    take(person, "app-outline")
    person.press("v", "s")

    person.press("q")
    for name, pixels in (("Grow", -2), ("Feather", 8)):
        number = person.page.get_by_role("spinbutton", name=name)
        number.fill(str(pixels))
        number.press("Enter")
    take(person, "app-result")

    person.button("export").click()
    person.choose_export("Data set")
    person.page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()
    person.page.locator(".export-files a").first.wait_for(timeout=120_000)
    take(person, "app-export")
    person.press("Escape")

    person.page.goto(served.home + "#/")
    person.page.locator(".recent-open img").first.wait_for()
    take(person, "app-start")

    tablet, _ = demo(locale="zh-CN", viewport={"width": 1024, "height": 768}, has_touch=True)
    tablet.page.goto(served.home + "#/")
    tablet.page.locator(".recent-open").first.click()
    tablet.see_editor()
    tablet.page.locator(".round").first.click()
    take(tablet, "app-tablet")


def take(person: Person, name: str) -> None:
    """Save what the window shows as docs/images/NAME.jpg."""
    person.page.mouse.move(480, 24)  # where there is no tooltip
    person.page.wait_for_timeout(3000)  # pictures, masks and thumbnails that are on their way
    path = IMAGES / f"{name}.jpg"
    person.page.screenshot(path=path, type="jpeg", quality=86)
    assert path.stat().st_size < LARGEST
