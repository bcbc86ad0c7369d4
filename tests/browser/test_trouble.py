"""What goes wrong is said in plain words, and no work is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.clips import write_disc
from tests.browser.served import Served
from tests.browser.test_segment import FRAMES, across, disc

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.browser.person import Person


def test_a_server_killed_during_propagation_goes_on_where_it_was(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.full_strength()
    person.go_to(3)
    person.draw(*across(3))
    person.press("p")
    person.wait_for("propagate")
    person.page.wait_for_timeout(500)
    served.kill()
    person.wait_for("lost")
    served.start()
    person.wait_for("idle")  # without a reload, and without the new token
    document = person.document()
    assert len(document["strokes"]) == 1
    person.go_to(3)
    person.see_mask(disc(3))
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle")
    assert set(person.document()["frames"]["state"]) == {"a", "p"}


def test_a_second_tab_does_not_overwrite_the_first(new_person: Callable[..., Person], served: Served) -> None:
    first, second = new_person(), new_person()
    first.open_video(served.home, "disc.mp4")
    second.page.goto(first.page.url)
    second.see_editor()
    second.go_to(6)
    first.go_to(6)
    first.draw(*across(6))
    second.page.locator(".round").wait_for()  # the stroke reaches the other tab
    assert len(second.document()["strokes"]) == 1

    # A tab that has not heard of a change: its stroke is refused, said so, and sent again only when asked to.
    second.page.route("**/events", lambda route: route.abort())
    second.page.reload()
    second.see_editor()
    second.go_to(6)
    first.draw(*across(6, reach=0.04))
    x, y = second.on_screen(disc(6))
    second.page.mouse.click(x, y)
    second.page.get_by_text("changed in another tab").wait_for()
    assert len(first.document()["strokes"]) == 2
    second.page.get_by_role("button", name="Draw it again").click()
    second.until(lambda: len(second.document()["strokes"]) == 3, "the stroke is not sent again")


def test_uploads_good_broken_and_too_large(person: Person, served: Served, videos: Path, tmp_path: Path) -> None:
    page = person.page
    page.goto(served.home + "#/")
    chooser = page.locator("#file")
    chooser.set_input_files(videos / "broken.mp4")
    page.get_by_text("broken.mp4 cannot be read as a video").wait_for()
    huge = tmp_path / "huge.mp4"
    huge.write_bytes(bytes(3 << 20))
    chooser.set_input_files(huge)
    page.get_by_text("the limit is").wait_for()
    assert page.url.endswith("#/")
    good = write_disc(tmp_path / "good.mp4", frames=3)
    page.evaluate(
        """async (bytes) => {
            const file = new File([Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0))], "dropped.mp4");
            const transfer = new DataTransfer();
            transfer.items.add(file);
            document.querySelector(".start").dispatchEvent(
                new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        _base64(good),
    )
    person.see_editor()
    document = person.document()
    assert (document["uploaded"], document["source"], document["video"]["frames"]) == (True, "dropped.mp4", 3)


def test_an_upload_goes_on_where_the_address_names_the_screen_that_is_there(person: Person, tmp_path: Path) -> None:
    page = person.page
    held: list[Route] = []
    page.route("**/api/uploads/*?*", lambda route: held.append(route))
    page.locator("#file").set_input_files(write_disc(tmp_path / "good.mp4", frames=3))
    person.until(lambda: len(held) == 1, "nothing is sent")
    page.evaluate("location.hash = '#/'")
    page.wait_for_timeout(300)
    assert page.locator(".language").is_disabled()
    held.pop().continue_()
    person.see_editor()
    assert person.document()["source"] == "good.mp4"


def test_an_upload_that_is_left_is_said_to_be_stopped(person: Person, tmp_path: Path) -> None:
    page = person.page
    page.route("**/api/uploads/*?*", lambda route: None)
    chosen = [write_disc(tmp_path / name, frames=3) for name in ("one.mp4", "two.mp4")]
    page.locator("#file").set_input_files(chosen)
    page.get_by_text("Sending one.mp4").wait_for()
    page.evaluate("location.hash = '#/project/none'")
    page.get_by_text("Not uploaded, because sending was stopped: one.mp4, two.mp4").wait_for()
    assert page.get_by_text("There is no such project").is_visible()


@pytest.mark.parametrize(
    ("address", "words"),
    [("", "Open the address that the server printed"), ("#/project/none", "Open the address")],
)
def test_without_the_token_there_is_nothing_but_words(
    browser: object, served: Served, address: str, words: str
) -> None:
    page = browser.new_context().new_page()  # type: ignore[attr-defined]
    answer = page.goto(served.home + address)
    assert answer.status == 401
    assert "token" in page.content()
    page.context.close()


def test_a_project_that_is_gone_is_said_to_be(person: Person, served: Served) -> None:
    person.page.goto(served.home + "#/project/none")
    person.page.get_by_text("There is no such project").wait_for()
    person.page.get_by_role("link", name="All projects").click()
    person.page.get_by_role("heading", name="Segment a video").wait_for()


def test_a_span_without_the_annotated_frame_is_explained(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(2)
    person.draw(*across(2))
    person.go_to(FRAMES - 5)
    person.press("i", "p")
    person.page.get_by_text("lies outside the span").wait_for()


def test_an_export_is_done_only_when_the_server_says_so(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(4)
    person.draw(*across(4))
    person.until(lambda: person.document()["settings"].get("frame") == 4, "the page's settings are not kept")
    begun = {"job": {"kind": "export", "done": 0, "total": FRAMES, "paused": False, "position": 0}}
    person.page.route(
        "**/exports",
        lambda route: route.fulfill(json=begun) if route.request.method == "POST" else route.continue_(),
    )
    person.button("export").click()
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Export", exact=True).click()
    message = dialog.locator(".export-message")  # no event comes of this export
    person.until(lambda: message.inner_text() == f"Frame 0 of {FRAMES}", "the export is not begun")


def _base64(path: Path) -> str:
    import base64

    return base64.b64encode(path.read_bytes()).decode()
