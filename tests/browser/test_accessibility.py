"""axe-core, which looks for what keeps people from using a page, finds nothing: each screen, language and size."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.served import Served

if TYPE_CHECKING:
    from tests.browser.person import Person

SIZES: dict[str, dict[str, Any]] = {
    "100 %": {"viewport": {"width": 1280, "height": 720}},
    "150 %": {"viewport": {"width": 853, "height": 480}, "device_scale_factor": 1.5},
    "tablet": {"viewport": {"width": 1024, "height": 768}, "has_touch": True},
}


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core."""
    package = find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        pytest.skip("needs axe-core: pip install axe-playwright-python")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def _found(person: Person, axe: str) -> list[str]:
    """What axe-core finds wrong: rule, element and reason."""
    person.page.wait_for_timeout(400)  # what fades in has no contrast yet
    person.page.evaluate(axe)
    found = person.page.evaluate("axe.run()")["violations"]
    return [f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(
    new_person: Callable[..., Person], served: Served, axe: str, size: str, language: str
) -> None:
    person = new_person(locale=language, **SIZES[size])
    person.open_video(served.home, "disc.mp4")
    found = {"editor, empty": _found(person, axe)}
    key = person.page.url.rsplit("/", 1)[-1]
    painted = {"frame": 2, "object_id": 1, "points": [[0.3, 0.5], [0.4, 0.5]], "width": 20}
    assert person.page.request.post(f"{served.home}api/projects/{key}/paint", data=painted).ok
    person.page.locator(".round").wait_for()
    person.press("m")
    found["editor"] = _found(person, axe)
    person.button("export").click()
    person.page.get_by_role("dialog").wait_for()
    found["export"] = _found(person, axe)
    person.press("Escape", "?")
    person.page.locator(".how-to").wait_for()
    found["help"] = _found(person, axe)
    person.page.goto(served.home + "#/")
    person.page.locator(".recent-item").first.wait_for()
    person.page.locator(".folder-row").first.wait_for()
    found["start"] = _found(person, axe)
    assert found == dict.fromkeys(found, [])
