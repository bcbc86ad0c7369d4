"""How quick the page is: stroke to visible mask, frames a second of a propagation, the page's longest task meanwhile,
and how much memory its server took at most.

python -m tests.browser.measure                       a drawn clip, 100 frames of 480x854
python -m tests.browser.measure --input FOLDER        a video or a folder of pictures; the stroke is in its middle
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from paddlevideo.prepare.toy_davis import ToyWorld, write_toy_davis
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.person import Person
from tests.browser.served import Served

STROKES = 5
# Notes tasks of the main thread above 50 ms. (Watching every frame would cost as much as the page itself.)
WATCH = """() => {
    window.long = [];
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map((each) => each.duration)))
        .observe({ type: "longtask" });
}"""
# Notes when a picture of masks is drawn that is another than the one before.
WATCH_MASKS = """() => {
    const context = document.querySelector(".picture-canvas").getContext("2d");
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    let shown = null;
    window.drawn = 0;
    context.drawImage = function (...given) {
        draw.apply(this, given);
        if (this.globalAlpha === 1 || given[0] === shown) return;
        shown = given[0];
        window.drawn = performance.now();
    };
}"""
# From the moment the button is let go to the frame with the new mask.
STROKE = """() => {
    performance.clearResourceTimings();
    window.answer = new Promise((done) => window.addEventListener("pointerup", () => {
        const begin = performance.now();
        const look = () => (window.drawn > begin ? done(window.drawn - begin) : requestAnimationFrame(look));
        look();
    }, { once: true }));
}"""


# How long the server took for the stroke's answer.
ANSWER = """() => performance.getEntriesByType("resource")
    .filter((each) => each.name.endsWith("/strokes")).map((each) => each.duration)[0]"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", metavar="VIDEO", help="a video or a folder of pictures (a drawn one)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        videos = folder / "videos"
        videos.mkdir()
        if args.input:
            source = Path(args.input).resolve()
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, videos / source.name)
        else:
            write_toy_davis(folder / "toy", ToyWorld(sequences=1, frames=100, size=(480, 854)))
            pictures = min((folder / "toy" / "JPEGImages" / "480p").iterdir())
            source = pictures.rename(videos / "drawn")
        served = Served(folder, videos).start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            person = Person(browser.new_page(viewport={"width": 1280, "height": 720}))
            person.page.goto(served.url)
            person.open_video(served.home, source.name)
            measure(person)
            print(f"peak memory of the server: {served.peak_memory / 2**30:.2f} GiB")
        finally:
            browser.close()
            served.kill()


def measure(person: Person) -> None:
    """Print the figures of an opened video."""
    person.wait_for("idle", 300)
    frames = person.document()["video"]["frames"]
    person.go_to(frames // 2)
    person.page.evaluate(WATCH_MASKS)
    person.draw((0.45, 0.5), (0.55, 0.5))  # the first one compiles
    deadline = time.monotonic() + 240
    while person.document()["embedded"] < frames and time.monotonic() < deadline:
        person.page.wait_for_timeout(500)
    seconds, answers = [], []
    for i in range(STROKES):
        x, y = person.on_screen((0.45 + 0.02 * i, 0.45))
        person.page.mouse.move(x, y)
        person.page.evaluate(STROKE)
        person.page.mouse.down()
        person.page.mouse.move(x + 20, y + 20, steps=4)
        person.page.mouse.up()
        seconds.append(person.page.evaluate("() => window.answer") / 1000)
        person.wait_for("idle")
        answers.append(person.page.evaluate(ANSWER) / 1000)
    print(f"stroke to visible mask: {statistics.median(seconds):.2f} s (of {[round(each, 2) for each in seconds]})")
    page = [1000 * (whole - answer) for whole, answer in zip(seconds, answers, strict=True)]
    print(f"the server's answer to it: {statistics.median(answers):.2f} s; the page: {max(page):.0f} ms at most")
    person.page.evaluate(WATCH)
    begin = time.monotonic()
    person.press("p")
    person.wait_for("propagate")
    person.until(lambda: person.document()["frames"]["state"].count("p") > 10, "no propagation")
    for i in range(20):  # somebody looks around meanwhile
        person.page.mouse.move(400 + 20 * i, 300)
        person.page.mouse.wheel(0, -40 if i < 10 else 40)
        person.page.wait_for_timeout(50)
    person.wait_for("idle", 600)
    rate = (frames - 1) / (time.monotonic() - begin)
    long = person.page.evaluate("() => window.long")
    assert set(person.document()["frames"]["state"]) == {"a", "p"}
    print(f"propagation: {rate:.1f} frames per second")
    longest = f"{max(long):.0f} ms ({len(long)} above 50 ms)" if long else "below 50 ms"
    print(f"longest task of the page meanwhile: {longest}")


if __name__ == "__main__":
    main()
