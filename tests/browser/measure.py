"""How quick the page is, of a drawn clip at 480p and at 1080p, or of a video of yours:

opening, stroke to visible mask, the first stroke after a restart, playing, a propagation as it is seen and as a session
alone does it, the page's longest task meanwhile, clicks from opening to download, and the server's memory at most.

python -m tests.browser.measure                       drawn clips of 100 frames
python -m tests.browser.measure --frames 40           shorter ones
python -m tests.browser.measure --input VIDEO         a video; the strokes are in its middle
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from paddlevideo.loader.scribbles import Stroke
from paddlevideo.loader.video import open_frames
from paddlevideo.prepare.toy_davis import ToyWorld, write_toy_davis
from paddlevideo.session import Segmenter
from paddlevideo.writers.video import VideoWriter
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.person import Person
from tests.browser.served import Served

STROKES = 5
LINE = ((0.45, 0.5), (0.55, 0.5))
SIZES = {"480p": (480, 854), "1080p": (1080, 1920)}
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


# Counts what a person presses.
CLICKS = """() => {
    window.clicks = 0;
    window.addEventListener("pointerdown", () => { window.clicks += 1; }, { capture: true });
}"""
# The frames that are shown while it plays, and for how long it does.
PLAY = """() => new Promise((done) => {
    const [frames, begin] = [new Set(), performance.now()];
    const look = () => {
        frames.add(document.querySelector(".clock b").textContent);
        const plays = document.querySelector("[data-action=play]").getAttribute("aria-label") === "Stop";
        if (plays) requestAnimationFrame(look);
        else done([frames.size, performance.now() - begin]);
    };
    requestAnimationFrame(look);
})"""
# How long the server took for the stroke's answer.
ANSWER = """() => performance.getEntriesByType("resource")
    .filter((each) => each.name.endsWith("/strokes")).map((each) => each.duration)[0]"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", metavar="VIDEO", help="a video (drawn ones)")
    parser.add_argument("--frames", type=int, default=100, help="of the drawn clips (100)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        videos = folder / "videos"
        videos.mkdir()
        if args.input:
            clips = [Path(shutil.copy(Path(args.input).resolve(), videos))]
        else:
            clips = [draw(folder, videos / f"{each}.mp4", size, args.frames) for each, size in SIZES.items()]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        served = Served(folder, videos).start()
        try:
            for clip in clips:
                print(f"{clip.stem}:")
                measure(browser, served, clip, folder)
            print(f"peak memory of the server: {served.peak_memory / 2**30:.2f} GiB")
        finally:
            browser.close()
            served.kill()
        for clip in clips:
            print(f"{clip.stem}: a session alone propagates {alone(clip):.1f} frames per second")


def draw(folder: Path, path: Path, size: tuple[int, int], frames: int) -> Path:
    """Write a drawn clip, 25 frames a second."""
    write_toy_davis(folder / path.stem, ToyWorld(sequences=1, frames=frames, size=size))
    pictures = open_frames(min((folder / path.stem / "JPEGImages" / "480p").iterdir()))
    with VideoWriter(path, 25.0, size) as video:
        for picture in pictures:
            video.write(picture)
    return path


def measure(browser: Browser, served: Served, clip: Path, folder: Path) -> None:
    """Print the figures of a clip, as somebody new to it meets it."""
    person = enter(browser, served)
    opening(person, served, clip.name)
    person.wait_for("idle", 300)
    frames = person.document()["video"]["frames"]
    person.go_to(frames // 2)
    person.page.evaluate(WATCH_MASKS)
    person.draw(*LINE)
    prepared(person, frames)
    strokes(person)
    propagation(person, frames)
    playing(person)
    person.export("Matte", "matte.mp4", folder)
    # The video, a stroke and propagate are pressed above, too; the other strokes and moves are not needed.
    print(f"  clicks from opening to download: {3 + person.page.evaluate('window.clicks')}")
    address = person.page.url
    person.page.context.close()
    served.kill()
    served.start()
    again(enter(browser, served), address)


def enter(browser: Browser, served: Served) -> Person:
    """Somebody on the start screen of a server that has made itself ready."""
    person = Person(browser.new_page(viewport={"width": 1280, "height": 720}))
    person.page.goto(served.url)
    person.page.goto(served.home + "#/")
    person.page.locator(".folder-row").first.wait_for()
    return person


def opening(person: Person, served: Served, name: str) -> None:
    begin = time.monotonic()
    person.page.locator(".folder-row", has_text=name).click()
    person.page.locator(".editor").wait_for(timeout=120_000)
    person.see_frame()
    print(f"  opening: {time.monotonic() - begin:.2f} s")


def prepared(person: Person, frames: int) -> None:
    """Wait until the frames are embedded, which the figures are not about."""
    deadline = time.monotonic() + 240
    while person.document()["embedded"] < frames and time.monotonic() < deadline:
        person.page.wait_for_timeout(500)


def strokes(person: Person) -> None:
    seconds, answers = [], []
    for i in range(STROKES):
        seconds.append(stroke(person, (0.45 + 0.02 * i, 0.45)))
        person.wait_for("idle")
        answers.append(person.page.evaluate(ANSWER) / 1000)
    print(f"  stroke to visible mask: {statistics.median(seconds):.2f} s (of {[round(each, 2) for each in seconds]})")
    page = [1000 * (whole - answer) for whole, answer in zip(seconds, answers, strict=True)]
    print(f"  the server's answer to it: {statistics.median(answers):.2f} s; the page: {max(page):.0f} ms at most")


def stroke(person: Person, place: tuple[float, float]) -> float:
    """Seconds from letting the button go to the mask on the screen."""
    x, y = person.on_screen(place)
    person.page.mouse.move(x, y)
    person.page.evaluate(STROKE)
    person.page.mouse.down()
    person.page.mouse.move(x + 20, y + 20, steps=4)
    person.page.mouse.up()
    return float(person.page.evaluate("() => window.answer")) / 1000


def propagation(person: Person, frames: int) -> None:
    person.page.evaluate(WATCH)
    begin = time.monotonic()
    person.press("p")
    person.wait_for("propagate")
    person.until(lambda: person.document()["frames"]["state"].count("p") > frames // 8, "no propagation")
    for i in range(20):  # somebody looks around meanwhile
        person.page.mouse.move(400 + 20 * i, 300)
        person.page.mouse.wheel(0, -40 if i < 10 else 40)
        person.page.wait_for_timeout(50)
    # Not `wait_for`, which looks at every picture that the browser draws, and so makes it draw.
    person.until(lambda: person.state == "idle", "the propagation does not end", 600)
    rate = (frames - 1) / (time.monotonic() - begin)
    long = person.page.evaluate("() => window.long")
    assert set(person.document()["frames"]["state"]) == {"a", "p"}
    print(f"  propagation as it is seen: {rate:.1f} frames per second")
    longest = f"{max(long):.0f} ms ({len(long)} above 50 ms)" if long else "below 50 ms"
    print(f"  longest task of the page meanwhile: {longest}")


def playing(person: Person) -> None:
    facts = person.document()["video"]
    person.page.evaluate(CLICKS)
    person.press("Home", " ")
    expect(person.button("play")).to_have_attribute("aria-label", "Stop")
    shown, passed = person.page.evaluate(PLAY)
    own = facts["frames"] / facts["rate"]
    print(f"  playing: {shown} of {facts['frames']} frames shown in {passed / 1000:.1f} s; the clip lasts {own:.1f} s")


def again(person: Person, address: str) -> None:
    person.page.goto(address)
    person.page.locator(".editor").wait_for(timeout=120_000)
    person.see_frame()
    person.page.evaluate(WATCH_MASKS)
    person.press(",", ".")  # draws the masks that are there, which are not the stroke's
    person.page.wait_for_timeout(500)
    print(f"  first stroke after a restart: {stroke(person, (0.5, 0.55)):.2f} s")
    person.page.context.close()


def alone(clip: Path) -> float:
    """Frames a second of a session without a page, whose frames are embedded already."""
    session = Segmenter.load().open(clip)
    frames = len(open_frames(clip))
    session.add_strokes([Stroke(1, frames // 2, LINE)])
    while session.embed_next(frames // 2) is not None:
        pass
    begin = time.monotonic()
    done = sum(1 for _ in session.propagate())
    return (done - 1) / (time.monotonic() - begin)


if __name__ == "__main__":
    main()
