"""What somebody meets who comes for the first time: the demo clip, hints until they are not needed, their projects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from tests.browser.clips import write_disc
from tests.browser.served import Served
from tests.browser.test_segment import across

if TYPE_CHECKING:
    from tests.browser.person import Person

expect = pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-browser installs it").expect
LANGUAGES = {
    "en-GB": ("Try the demo clip", "Draw a line like this along the object", "carry this mask through", "Brush"),
    "zh-CN": ("试用演示短片", "像这样沿着目标画一笔", "把这个掩码传播到整个视频", "画笔"),
}


@pytest.fixture
def person(new_person: Callable[..., Person], served: Served) -> Iterator[Person]:
    """On the start screen."""
    found = new_person()
    found.page.goto(served.home + "#/")
    found.page.locator(".folder-row").first.wait_for()
    yield found


@pytest.mark.parametrize("language", LANGUAGES)
def test_hints_are_there_until_they_are_followed(
    new_person: Callable[..., Person], served: Served, language: str
) -> None:
    _, draw, carry, brush = LANGUAGES[language]
    person = new_person(locale=language)
    person.open_video(served.home, "disc.mp4")
    ghost, following = person.page.locator(".ghost"), person.page.locator(".next")
    expect(ghost).to_contain_text(draw)
    expect(following).to_be_hidden()
    expect(person.button("brush")).to_contain_text(brush)
    person.press("h")
    expect(ghost).to_be_hidden()
    person.press("b")
    person.draw(*across(0))
    expect(ghost).to_be_hidden()
    expect(following).to_contain_text(carry)
    person.button("eraser").click()
    person.button("propagate").click()
    expect(following).to_be_hidden()
    person.wait_for("idle")
    person.open_video(served.home, "disc.mp4")
    expect(ghost).to_be_visible()
    expect(person.button("brush")).not_to_contain_text(brush)
    person.press("b")
    person.draw(*across(0))
    expect(person.button("propagate")).to_be_enabled()
    expect(following).to_be_hidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_demo_clip_is_a_click_away(
    new_person: Callable[..., Person], served: Served, bunny: Path, language: str
) -> None:
    person = new_person(locale=language)
    person.page.goto(served.home + "#/")
    open_demo = person.page.get_by_role("button", name=LANGUAGES[language][0])
    open_demo.click()
    expect(person.page.locator(".editor")).to_be_visible(timeout=120_000)
    assert person.document()["source"] == bunny.name
    address = person.page.url
    person.page.goto(served.home + "#/")
    open_demo.click()
    expect(person.page.locator(".editor")).to_be_visible(timeout=120_000)
    assert person.page.url == address, "one project of it is enough"


def test_help_begins_with_how_it_works(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.button("help").click()
    dialog = person.page.get_by_role("dialog")
    expect(dialog.locator(".how-to li")).to_have_count(4)
    how, keys = dialog.locator(".how-to").bounding_box(), dialog.locator(".shortcut-groups").bounding_box()
    assert how is not None and keys is not None and how["y"] + how["height"] <= keys["y"]


def test_projects_are_above_the_fold_with_how_far_they_are(person: Person, served: Served) -> None:
    person.page.locator(".folder-row", has_text="disc.mp4").click()
    person.see_editor()
    key = person.page.url.rsplit("/", 1)[-1]
    painted = {"frame": 2, "object_id": 1, "points": [[0.3, 0.5], [0.4, 0.5]], "width": 20}
    assert person.page.request.post(f"{served.home}api/projects/{key}/paint", data=painted).ok
    person.page.goto(served.home + "#/")
    card = person.page.locator(".recent-item").first
    expect(card).to_contain_text("1 of 40 frames")
    box = card.bounding_box()
    assert box is not None and box["y"] + box["height"] < 720
    drop = person.page.locator(".drop").bounding_box()
    assert drop is not None and drop["y"] + 120 < 720, "a new video is in sight as well"


def test_a_project_is_renamed_duplicated_and_removed_there(person: Person, served: Served) -> None:
    page = person.page
    page.locator(".folder-row", has_text="disc.mp4").click()
    person.see_editor()
    page.goto(served.home + "#/")
    first = page.locator(".recent-item").first
    first.get_by_role("button", name="Rename").click()
    page.keyboard.type("A disc that goes right")
    page.keyboard.press("Enter")
    expect(first.locator("b")).to_have_text("A disc that goes right")
    first.get_by_role("button", name="Duplicate").click()
    expect(first.locator("b")).to_have_text("A disc that goes right 2")
    first.locator("a").click()
    person.see_editor()
    page.goto(served.home + "#/")
    page.on("dialog", lambda dialog: dialog.accept())
    first.get_by_role("button", name="Delete").click()
    expect(first.locator("b")).to_have_text("A disc that goes right")


def test_several_videos_and_a_folder_of_pictures_are_sent(person: Person, served: Served, tmp_path: Path) -> None:
    page = person.page
    films = [write_disc(tmp_path / name, frames=3) for name in ("one film.mp4", "other film.mp4")]
    before = len(page.evaluate("fetch('api/projects').then((answer) => answer.json())"))
    page.locator("#file").set_input_files(films)
    expect(page.locator(".recent-item").first.locator("b")).to_have_text("other film", timeout=120_000)
    expect(page.locator(".recent-item").nth(1).locator("b")).to_have_text("one film")
    assert len(page.evaluate("fetch('api/projects').then((answer) => answer.json())")) == before + 2
    pictures = tmp_path / "the shoot"
    pictures.mkdir()
    for number in (1, 2, 10):
        cv2.imwrite(str(pictures / f"{number}.png"), np.full((48, 64, 3), 80 + 10 * number, np.uint8))
    page.locator("#folder").set_input_files(pictures)
    expect(page.locator(".editor")).to_be_visible(timeout=120_000)
    document = person.document()
    assert (document["name"], document["video"]["frames"], document["uploaded"]) == ("the shoot", 3, True)
    person.until(lambda: abs(person.pixel((0.5, 0.5))[0] - 90) < 4, "another picture than the first")
    person.press("End")
    person.until(lambda: abs(person.pixel((0.5, 0.5))[0] - 180) < 4, "another picture than the last")


def test_the_page_says_that_the_network_is_being_made_ready(new_person: Callable[..., Person], served: Served) -> None:
    person = new_person()
    person.page.add_init_script(
        """window.EventSource = class extends EventSource {
            constructor(url) {
                super(url);
                window.source = this;
                // What the server itself has to make ready is another test's.
                this.addEventListener("warming", (event) => event.isTrusted && event.stopImmediatePropagation());
            }
        };"""
    )
    person.page.goto(served.home)
    person.page.reload()
    person.open_video(served.home, "disc.mp4")
    person.until(lambda: person.page.evaluate("window.source.readyState === EventSource.OPEN"), "no stream")
    person.until(lambda: person.document()["job"] is None, "the clip is not read")
    status = person.page.locator(".status-text")
    tell = """(done) => window.source.dispatchEvent(
        new MessageEvent("warming", { data: JSON.stringify({ done, total: 8 }) }))"""
    person.page.evaluate(tell, 3)
    expect(status).to_contain_text("getting the network ready: 3 of 8")
    person.page.evaluate(tell, 8)
    expect(status).not_to_contain_text("getting the network ready")
