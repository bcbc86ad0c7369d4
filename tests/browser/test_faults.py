"""What once lost or falsified a person's work, or left them without a sign."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paddlevideo.app.projects.project import COLORS
from tests.browser.served import Served
from tests.browser.test_segment import FRAMES, across, disc

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.browser.person import Person


def test_a_stroke_lands_on_no_frame_that_is_not_on_the_screen(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    held: list[Route] = []
    person.page.route("**/frames/30.jpg*", lambda route: held.append(route))
    person.go_to(30)
    person.page.locator(".picture-wait", has_text="frame 31").wait_for()
    person.page.mouse.click(*person.on_screen(disc(30)))
    person.page.get_by_text("still being loaded").wait_for()
    assert person.document()["strokes"] == []
    person.until(lambda: bool(held), "the frame is not asked for")
    for route in held:
        route.continue_()
    person.page.locator(".picture-wait").wait_for(state="hidden")
    person.draw(*across(30))
    assert [each["frame"] for each in person.document()["strokes"]] == [30]


def test_a_stroke_on_a_blank_canvas_is_none(person: Person, served: Served) -> None:
    held: list[Route] = []
    person.page.route("**/frames/0.jpg*", lambda route: held.append(route))
    person.page.goto(served.home + "#/")
    person.page.locator(".folder-row", has_text="disc.mp4").click()
    person.page.locator(".editor").wait_for(timeout=120_000)
    person.until(lambda: bool(held), "the frame is not asked for")
    person.page.mouse.click(*person.on_screen(disc(0)))
    person.page.get_by_text("still being loaded").wait_for()
    assert person.document()["strokes"] == []
    for route in held:
        route.continue_()
    person.see_editor()
    person.draw(*across(0))
    assert [each["frame"] for each in person.document()["strokes"]] == [0]


def test_keeping_the_pages_settings_is_no_work_on_a_mask(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    held: list[Route] = []
    person.page.route(
        "**/api/projects/*", lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_()
    )
    person.go_to(5)
    person.until(lambda: bool(held), "the page's settings are not sent")
    assert person.state != "busy" and not person.page.get_by_text("Working on the mask").count()
    for route in held:
        route.continue_()
    person.until(lambda: person.document()["settings"].get("frame") == 5, "the page's settings are not kept")


def test_a_stroke_ends_with_the_frame_it_was_begun_on(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(5)
    person.see_frame()
    x, y = person.on_screen(disc(5))
    person.page.mouse.move(x - 10, y)
    person.page.mouse.down()
    person.page.mouse.move(x, y, steps=3)
    person.press("ArrowRight")
    person.page.mouse.move(x + 40, y, steps=3)
    person.page.mouse.up()
    person.until(lambda: len(person.document()["strokes"]) == 1, "the stroke is lost")
    (stroke,) = person.document()["strokes"]
    assert stroke["frame"] == 5 and max(at for at, _ in stroke["points"]) < disc(5)[0] + 0.02


def test_a_stroke_drawn_while_the_server_is_away_can_be_drawn_again(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(8)
    person.see_frame()
    person.page.route("**/strokes", lambda route: route.abort())
    person.page.mouse.click(*person.on_screen(disc(8)))
    again = person.page.get_by_role("button", name="Draw it again")
    again.wait_for()
    person.page.unroute("**/strokes")
    again.click()
    person.until(lambda: [each["frame"] for each in person.document()["strokes"]] == [8], "the stroke is lost")


def test_the_eraser_takes_one_stroke_at_a_touch(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(5)
    x, y = disc(5)
    for shift in (-0.006, 0.0, 0.006):
        person.draw((x - 0.05, y + shift), (x + 0.05, y + shift))
    person.press("e")
    person.page.mouse.click(*person.on_screen((x, y)))
    person.until(lambda: len(person.document()["strokes"]) < 3, "nothing is erased")
    person.wait_for("idle")
    left = [each["points"][0][1] - y for each in person.document()["strokes"]]
    assert len(left) == 2 and min(map(abs, left)) > 0.003, "the one under the pointer is taken"


def test_taking_up_work_comes_to_an_end(person: Person, served: Served) -> None:
    """Two strokes in a row on a frame are answered at once, which the progress has to know."""
    person.open_video(served.home, "disc.mp4")
    person.go_to(3)
    person.draw(*across(3))
    person.draw(*across(3, reach=0.04))
    person.press("p")
    person.wait_for("propagate")
    person.wait_for("idle")
    served.kill()
    person.wait_for("lost")
    served.start()
    person.until(lambda: person.state != "lost", "the page does not come back")
    person.go_to(20)
    person.draw(*across(20))
    person.wait_for("idle")
    assert len(person.document()["strokes"]) == 3


def test_a_cancelled_propagation_says_how_far_it_got_and_goes_on(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    main = person.button("propagate")
    assert main.is_disabled() and main.inner_text().startswith("Propagate")
    person.press("F2")
    person.page.keyboard.type("Disc")
    person.press("Enter")
    person.go_to(0)
    person.draw(*across(0))
    assert main.inner_text().startswith(f"Propagate Disc, {FRAMES} frames")
    person.press("p")
    person.wait_for("propagate")
    person.until(lambda: person.document()["frames"]["state"].count("p") > 3, "no propagation")
    person.button("cancel").click()
    person.wait_for("idle")
    (stopped,) = person.document()["rounds"]
    done = person.document()["frames"]["state"].count("p") + 1
    assert (stopped["done"], stopped["total"]) == (done, FRAMES)
    person.page.locator(".round", has_text=f"{done} of {FRAMES} frames").wait_for()
    assert main.inner_text().startswith(f"Go on, {FRAMES - done} left")
    person.press("p")
    person.wait_for("idle")
    person.until(lambda: main.inner_text().startswith("Propagate again"), "it is still due")
    assert person.document()["frames"]["state"] == "a" + "p" * (FRAMES - 1)
    assert person.document()["lanes"] == {"1": "p" * FRAMES}
    assert "quiet" in (main.get_attribute("class") or "")


def test_after_a_reload_the_picture_follows_where_the_button_says_so(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(0)
    person.draw(*across(0))
    person.press("p")
    person.wait_for("propagate")
    person.press("p")
    person.wait_for("paused")
    person.page.reload()
    person.see_editor()
    person.page.locator("[data-action=follow][aria-pressed=true]").wait_for()
    person.press("p")
    person.until(lambda: person.frame > 5, "the picture does not follow")
    person.press("ArrowLeft")
    person.page.locator("[data-action=follow][aria-pressed=false]").wait_for()
    person.press("l")
    person.page.locator("[data-action=follow][aria-pressed=true]").wait_for()
    person.button("cancel").click()
    person.wait_for("idle")


def test_messages_do_not_outlive_their_page(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.press("j")
    person.page.get_by_text("Nothing has been propagated yet").wait_for()
    person.button("home").click()
    person.page.get_by_role("heading", name="Segment a video").wait_for()
    assert person.messages() == []
    person.page.go_back()
    person.see_editor()
    person.press("j")
    person.page.get_by_text("Nothing has been propagated yet").wait_for()
    person.page.get_by_label("Language").select_option("zh-CN")
    person.page.get_by_role("button", name="画笔：画在目标上").wait_for()
    person.page.get_by_text("Nothing has been propagated yet").wait_for(state="hidden")


def test_what_a_reader_says_is_in_the_pages_language(
    new_person: Callable[..., Person], served: Served, videos: Path
) -> None:
    person = new_person(locale="zh-CN")
    person.page.goto(served.home + "#/")
    person.page.locator("#file").set_input_files(videos / "broken.mp4")
    person.page.get_by_text("文件已损坏，或格式未知").wait_for()
    (message,) = person.messages()
    assert "Errno" not in message and "re-encode" not in message


def test_zoom_buttons_and_keys_keep_what_is_under_the_pointer(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    value = person.button("fit")
    fitted = value.inner_text()
    person.button("zoomIn").click()
    person.until(lambda: value.inner_text() != fitted, "the button does not zoom")
    value.click()
    person.until(lambda: value.inner_text() == fitted, "the picture does not fit")
    x, y = person.on_screen((0.25, 0.25))
    person.page.mouse.move(x, y)
    person.press("+", "+", "+")
    person.page.mouse.click(x, y)
    person.until(lambda: len(person.document()["strokes"]) == 1, "no stroke")
    points = np.array(person.document()["strokes"][0]["points"])
    assert np.abs(points.mean(axis=0) - 0.25).max() < 0.01


def test_a_tools_tooltip_leaves_the_next_tool_free(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.button("background").hover()
    bubble = person.page.locator("#tooltip")
    bubble.wait_for()
    rail, box = person.page.locator(".rail").bounding_box(), bubble.bounding_box()
    assert rail and box and box["x"] >= rail["x"] + rail["width"]


def test_the_first_thumbnails_edge_seeks(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.go_to(20)
    box = person.page.locator(".timeline-canvas").bounding_box()
    assert box
    person.page.mouse.click(box["x"] + 12, box["y"] + 40)
    assert person.frame == 0 and person.button("spanClear").is_disabled()


def test_a_frame_or_a_time_is_typed_into_the_clock(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    typed = {"13": 12, "0:02.5": 25, "1.5 s": 15}
    for text, frame in typed.items():
        person.button("goTo").click()
        person.page.keyboard.type(text)
        person.press("Enter")
        assert person.frame == frame
    person.press("g")
    person.page.keyboard.type("99")
    person.press("Enter")
    person.page.get_by_text(f"from 1 to {FRAMES}").wait_for()
    assert person.frame == 15


def test_screen_readers_hear_names_and_words(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    for name in ("Hide Object 1", "Lock Object 1", "Rename Object 1", "Remove Object 1"):
        assert person.page.locator(".object").get_by_role("button", name=name).count() == 1, name
    assert person.page.locator(".transport output").count() == 0, "a clock that speaks at every frame"
    assert person.page.get_by_role("slider", name="Strength").get_attribute("aria-valuetext") == "50 %"
    assert "pixels" in (person.page.get_by_role("slider", name="Brush size").get_attribute("aria-valuetext") or "")
    timeline = person.page.get_by_role("slider", name="Timeline")
    assert timeline.get_attribute("aria-valuetext") == f"Frame 1 of {FRAMES}, no Object 1"


def test_states_are_told_apart_with_forced_colours(new_person: Callable[..., Person], served: Served) -> None:
    person = new_person(forced_colors="active")
    person.open_video(served.home, "disc.mp4")
    outlines = person.page.evaluate(
        """[...document.querySelectorAll(".tool")].map((each) =>
            [each.getAttribute("aria-pressed"), getComputedStyle(each).outlineStyle])"""
    )
    assert {tuple(each) for each in outlines} == {("true", "solid"), ("false", "none")}
    assert (
        person.page.evaluate("getComputedStyle(document.querySelector('.diamond, .key')).forcedColorAdjust") == "none"
    )


def test_the_first_objects_colours_are_different_to_deuteranopes() -> None:
    deuteranopia = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])  # Machado, 2009
    seen = [deuteranopia @ np.array(list(bytes.fromhex(each[1:]))) for each in COLORS[:4]]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(apart) > 80
