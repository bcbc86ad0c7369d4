"""Playing: every picture is the frame that the clock says, by the browser's own decoder or by small pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.clips import shade, write_shades
from tests.browser.person import RED
from tests.browser.served import Served

if TYPE_CHECKING:
    from tests.browser.person import Person

expect = pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-browser installs it").expect
FRAMES, MARKED = 75, 20
# Notes of each picture drawn: the frame that the clock says, the grey in the middle, the colour at the left.
WATCH = """() => {
    const canvas = document.querySelector(".picture-canvas");
    const context = canvas.getContext("2d");
    const at = (x) => [...context.getImageData(x * canvas.width, canvas.height / 2, 1, 1).data].slice(0, 3);
    const frame = () => Number(document.querySelector(".clock b").textContent) - 1;
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    const note = () => window.seen.push([frame(), at(0.5)[1], at(0.2)]);
    window.seen = [];
    context.drawImage = function (...given) {
        draw.apply(this, given);
        queueMicrotask(note);
    };
}"""


@pytest.fixture(scope="module")
def clip(videos: Path) -> str:
    return write_shades(videos / "shades.mp4", FRAMES).name


def _played(person: Person, served: Served, clip: str) -> list[str]:
    """Paint a mask on one frame, play the clip to its end, check each picture; return what was asked for meanwhile."""
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.open_video(served.home, clip)
    person.full_strength()
    key = person.page.url.rsplit("/", 1)[-1]
    painted = {"frame": MARKED, "object_id": 1, "points": [[0.1, 0.5], [0.3, 0.5]], "width": 200}
    answer = person.page.request.post(f"{served.home}api/projects/{key}/paint", data=painted)
    assert answer.ok, answer.text()
    person.until(lambda: person.document()["frames"]["masks"][MARKED] > 0, "no mask")
    person.page.wait_for_timeout(500)
    person.press("Home")
    person.see_frame()
    asked.clear()
    person.page.evaluate(WATCH)
    person.press(" ")
    expect(person.button("play")).to_have_attribute("aria-label", "Stop")
    expect(person.button("play")).to_have_attribute("aria-label", "Play", timeout=120_000)
    seen = person.page.evaluate("window.seen")
    frames = [frame for frame, _, _ in seen]
    assert frames == sorted(frames) and len(set(frames)) > 8
    for frame, grey, left in seen:
        assert abs(grey - shade(frame)) <= 3, (frame, grey)
        marked = max(abs(one - other) for one, other in zip(left, RED, strict=True)) < 12
        assert marked == (frame == MARKED), (frame, left)
    person.until(lambda: abs(person.pixel((0.5, 0.5))[1] - shade(FRAMES - 1)) <= 3, "another frame at the end")
    return asked


def test_the_browsers_own_decoder_gives_the_frames(person: Person, served: Served, clip: str) -> None:
    asked = _played(person, served, clip)
    if not person.page.evaluate("typeof VideoDecoder !== 'undefined'"):
        pytest.skip("this browser has no WebCodecs")
    assert any("/film/" in url for url in asked)
    pictures = [url for url in asked if "/frames/" in url and f"/{FRAMES - 1}.jpg" not in url]
    assert len(pictures) <= 2, "no frame is fetched as a picture"


def test_pictures_come_at_the_size_shown_where_it_has_none(
    new_person: Callable[..., Person], served: Served, clip: str
) -> None:
    person = new_person()
    person.page.add_init_script("delete window.VideoDecoder")
    person.page.goto(served.home)
    person.page.reload()
    asked = _played(person, served, clip)
    assert not any("/film" in url for url in asked)
    pictures = [url for url in asked if "/frames/" in url and f"/{FRAMES - 1}.jpg" not in url]
    assert len(pictures) > 8 and all(url.endswith("?w=960") for url in pictures)


def test_a_film_that_cannot_be_decoded_plays_as_pictures(person: Person, served: Served, clip: str) -> None:
    person.page.route("**/film/*", lambda route: route.fulfill(status=200, body=b"\0" * 12 + b"no packets"))
    asked = _played(person, served, clip)
    assert any("/film" in url for url in asked) and any("?w=960" in url for url in asked)
