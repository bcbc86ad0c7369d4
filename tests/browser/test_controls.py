"""Controls have names and tooltips, work by keyboard and touch, in two languages and on small screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.served import Served
from tests.browser.test_segment import FRAMES, disc

if TYPE_CHECKING:
    from tests.browser.person import Person

CONTROLS = "button, select, input, a[href], canvas[tabindex]"


def test_every_control_of_the_editor_has_a_name_and_a_tooltip(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    nameless = person.page.evaluate(
        f"""[...document.querySelectorAll(".editor :is({CONTROLS})")]
            .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim()))
            .map((each) => each.outerHTML)"""
    )
    assert nameless == []
    assert _bare(person, ".editor") == []
    person.button("eraser").hover()
    person.page.get_by_role("tooltip").get_by_text("Eraser").wait_for()


def test_controls_of_dialogs_and_of_the_start_screen_have_tooltips(person: Person, served: Served) -> None:
    person.page.goto(served.home + "#/")
    person.page.locator(".folder-row").first.wait_for()
    assert _bare(person, ".start") == []
    person.open_video(served.home, "disc.mp4")
    person.button("export").click()
    assert _bare(person, "dialog") == []
    person.page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).hover()
    person.page.locator("dialog #tooltip").wait_for()  # inside, for an open dialog covers all else


def _bare(person: Person, where: str) -> list[str]:
    """The controls that have no tooltip, neither of their own nor of their label's."""
    bare: list[str] = person.page.evaluate(
        f"""[...document.querySelectorAll("{where} :is(button, select, input, a[href])")]
            .filter((each) => !each.closest("[data-tip]")).map((each) => each.outerHTML)"""
    )
    return bare


def test_it_works_without_a_mouse(person: Person, served: Served) -> None:
    person.page.goto(served.home + "#/")
    person.page.locator(".folder-row", has_text="disc.mp4").focus()
    person.press("Enter")
    person.see_editor()
    person.full_strength()
    for _ in range(60):
        person.press("Tab")
        if person.page.evaluate("document.activeElement.className") == "picture-top":
            break
    person.press("Enter", "Alt+ArrowLeft", "Alt+ArrowLeft", "Alt+ArrowUp", "Enter")  # a stroke from the middle
    person.until(lambda: bool(person.document()["strokes"]), "no stroke")
    person.wait_for("idle")
    (stroke,) = person.document()["strokes"]
    assert stroke["points"][0] == pytest.approx([0.5, 0.5], abs=0.02)
    assert stroke["points"][-1][0] < 0.5
    person.press("Control+z")
    person.page.locator(".round").wait_for(state="detached")
    person.press("?")
    person.page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    assert _bare(person, "dialog") == []
    assert person.page.get_by_role("link", name="HTTP interface").get_attribute("href") == "api/docs"
    person.press("Escape")
    assert person.page.get_by_role("dialog").count() == 0


def test_tool_object_and_span_are_there_after_a_reload(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.press("a")
    person.page.locator("li.object.on[data-object='2']").wait_for()
    person.go_to(5)
    person.press("i", "e")
    person.until(lambda: person.document()["settings"].get("tool") == "eraser", "the page's settings are not kept")
    assert person.document()["settings"]["span"] == [5, FRAMES - 1]
    person.page.reload()
    person.see_editor()
    person.page.locator("[data-action=eraser][aria-pressed=true]").wait_for()
    person.page.locator("li.object.on[data-object='2']").wait_for()
    assert person.button("spanClear").is_enabled()


def test_keys_move_a_zoomed_picture(person: Person, served: Served) -> None:
    person.page.goto(served.home + "#/")
    person.page.locator(".folder-row", has_text="disc.mp4").focus()
    person.press("Enter")
    person.see_editor()
    person.page.locator(".picture-top").focus()
    person.press("=", "=", "=", "h", *["Alt+ArrowRight"] * 3, "b", "Enter", "Enter")  # a dot in the view's middle
    person.until(lambda: bool(person.document()["strokes"]), "no stroke")
    (stroke,) = person.document()["strokes"]
    assert stroke["points"][0][0] > 0.53


def test_fingers_draw_pinch_and_move(new_person: Callable[..., Person], served: Served) -> None:
    person = new_person(viewport={"width": 1024, "height": 768}, has_touch=True)
    person.open_video(served.home, "disc.mp4")
    x, y = person.on_screen(disc(0))
    person.touch("touchStart", (x, y))
    person.touch("touchMove", (x + 20, y + 10))
    person.touch("touchEnd")
    person.page.locator(".round").wait_for()
    before = person.pixel((0.02, 0.02))
    person.touch("touchStart", (x, y))
    person.touch("touchStart", (x, y), (x + 50, y))
    person.touch("touchMove", (x - 100, y), (x + 250, y))
    person.touch("touchEnd")
    person.page.wait_for_timeout(200)
    assert len(person.document()["strokes"]) == 1, "a pinch draws nothing"
    assert person.pixel((0.02, 0.02)) != before, "the picture is zoomed"


def test_a_pen_draws_and_fingers_move_from_then_on(new_person: Callable[..., Person], served: Served) -> None:
    person = new_person(has_touch=True)
    person.open_video(served.home, "disc.mp4")
    x, y = person.on_screen(disc(0))
    person.draw_with_pen((x, y), (x + 20, y + 10))
    person.page.locator(".round").wait_for()
    person.until(lambda: len(person.document()["strokes"]) == 1, "no stroke")
    person.touch("touchStart", (x, y))
    person.touch("touchMove", (x + 20, y + 10))
    person.touch("touchEnd")
    person.page.wait_for_timeout(300)
    assert len(person.document()["strokes"]) == 1, "a palm that rests on the screen draws nothing"


@pytest.mark.parametrize("size", [(1280, 720), (853, 480), (1024, 768), (768, 1024)])
def test_everything_is_in_sight_on_small_screens(
    new_person: Callable[..., Person], served: Served, size: tuple[int, int]
) -> None:
    person = new_person(viewport={"width": size[0], "height": size[1]})
    person.open_video(served.home, "disc.mp4")
    person.draw(disc(0))
    person.page.locator(".round").wait_for()
    outside = person.page.evaluate(
        """[...document.querySelectorAll(".editor :is(button, canvas, select)")].filter((each) => {
            const box = each.getBoundingClientRect();
            return each.offsetParent && (box.left < -1 || box.top < -1
                || box.right > innerWidth + 1 || box.bottom > innerHeight + 1);
        }).map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert outside == []
    cut = person.page.locator(".round").evaluate("(row) => row.scrollWidth - row.clientWidth")
    assert cut <= 0, "a round's words do not fit beside each other"
    hidden = person.page.locator(".rail").evaluate("(rail) => rail.scrollHeight - rail.clientHeight")
    assert hidden <= 0, "a tool that has to be scrolled to"
    picture = person.page.locator(".picture").bounding_box()
    assert picture is not None and picture["width"] * picture["height"] > 0.38 * size[0] * size[1]


def test_two_languages_by_the_browser_and_by_a_switch(new_person: Callable[..., Person], served: Served) -> None:
    person = new_person(locale="zh-CN")
    person.page.goto(served.home + "#/")
    person.page.get_by_role("heading", name="用涂鸦分割视频").wait_for()
    person.page.get_by_label("语言").select_option("en")
    person.page.get_by_role("heading", name="Segment a video with scribbles").wait_for()
    person.page.reload()
    person.page.get_by_role("heading", name="Segment a video with scribbles").wait_for()
    assert person.page.evaluate("document.documentElement.lang") == "en"


def test_a_store_tells_nobody_who_has_unsubscribed(person: Person, served: Served) -> None:
    person.page.goto(served.home + "#/")
    told = person.page.evaluate(
        """async () => {
            const { Store } = await import("/static/js/editor/store.js");
            const store = new Store({ frame: 0, tool: "brush" });
            const told = [];
            const unsubscribe = store.subscribe(["frame", "tool"], () => told.push("gone"));
            store.subscribe(["frame"], () => told.push("here"));
            const change = async (values) => { store.set(values); await Promise.resolve(); };
            await change({ frame: 1, tool: "pan" });
            unsubscribe();
            await change({ frame: 2, tool: "brush" });
            return told;
        }"""
    )
    assert told == ["gone", "here", "here"]


def test_the_export_dialog_unsubscribes_when_it_is_closed(person: Person, served: Served) -> None:
    person.open_video(served.home, "disc.mp4")
    person.page.evaluate(
        """async () => {
            const { Store } = await import("/static/js/editor/store.js");
            const { subscribe } = Store.prototype;
            window.subscriptions = 0;
            Store.prototype.subscribe = function (...given) {
                const unsubscribe = subscribe.apply(this, given);
                window.subscriptions += 1;
                return () => { window.subscriptions -= 1; unsubscribe(); };
            };
        }"""
    )
    for _ in range(3):
        person.button("export").click()
        assert person.page.evaluate("window.subscriptions") > 0
        person.page.keyboard.press("Escape")
        person.until(lambda: person.page.evaluate("window.subscriptions") == 0, "the dialog still listens")
