"""The notebook's widget in Chromium: its own module, and a stand-in for anywidget between page and kernel."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from paddlevideo.loader.preprocess import Preprocess
from paddlevideo.session.options import SessionOptions
from paddlevideo.session.segmenter import Segmenter
from tests.app.toy import FRAMES, SIZE, Colours, frame_picture, points

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The model that anywidget gives a widget: values, listeners, and messages both ways.
MODEL = """
async ([text, values]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const heard = {};
  const bytes = (each) => new DataView(Uint8Array.from(atob(each), (c) => c.charCodeAt(0)).buffer);
  window.model = {
    get: (name) => values[name],
    on: (event, run) => (heard[event] = run),
    off: (event) => delete heard[event],
    send: (message) => window.toKernel(JSON.stringify(message)),
  };
  window.fromKernel = (message, pictures) => heard["msg:custom"](message, pictures.map(bytes));
  window.changed = (document) => { values.document = document; heard["change:document"](); };
  const el = document.body.appendChild(document.createElement("div"));
  window.close_widget = module.default.render({ model: window.model, el });
}
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 900, "height": 1400})
    yield page
    page.close()


class Kernel:
    """A widget on the toy's clip, and the page that shows it."""

    def __init__(self, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
        notebook: Any = pytest.importorskip("paddlevideo.app.notebook", reason="needs anywidget")
        self.page = page
        self.asked: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self._sent: list[tuple[Any, list[bytes]]] = []
        toy = Segmenter(cast(Any, Colours(sharpness=20)), Preprocess("rgb", size=None), SessionOptions())
        monkeypatch.setattr(
            notebook.ScribbleWidget, "send", lambda _, message, b=(): self._sent.append((message, [*b]))
        )
        self.widget = notebook.ScribbleWidget(np.stack([frame_picture(t) for t in range(FRAMES)]), segmenter=toy)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto("about:blank")
        page.add_style_tag(content=self.widget._css)
        page.expose_function("toKernel", lambda text: self.asked.append(json.loads(text)))
        values = {"document": self.widget.document, "words": self.widget.words}
        page.evaluate(MODEL, [self.widget._esm, values])
        self.answer()

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait for what the page shows."""
        deadline = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < deadline, self.errors
            self.page.wait_for_timeout(50)

    def answer(self) -> None:
        """Let the kernel do what the page has asked for, and tell the page."""
        self.until(lambda: bool(self.asked))
        while self.asked:
            self.widget._receive(None, self.asked.pop(0), [])
            self.page.evaluate("(document) => changed(document)", self.widget.document)
            for message, pictures in self._sent:
                coded = [base64.b64encode(each).decode() for each in pictures]
                self.page.evaluate("([message, pictures]) => fromKernel(message, pictures)", [message, coded])
            self._sent.clear()

    def colour(self, x: float, y: float) -> np.ndarray:
        """What the canvas shows at a place in 0..1."""
        read = """([x, y]) => {
          const canvas = document.querySelector(".picture-canvas");
          const at = [Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1];
          return [...canvas.getContext("2d").getImageData(...at).data].slice(0, 3);
        }"""
        return np.array(self.page.evaluate(read, [x, y]))


def test_a_stroke_on_the_widget_shows_its_mask_and_propagation_fills_the_arrays(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(page, monkeypatch)
    line = points(1, 0)
    middle = line[len(line) // 2]
    red = frame_picture(0)[int(middle[1] * SIZE[0]), int(middle[0] * SIZE[1])].astype(int)
    kernel.until(lambda: bool(abs(kernel.colour(*middle) - red).max() < 40))
    before = kernel.colour(*middle)

    box = page.locator(".picture-top").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (line[0], line[-1])]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=5)
    page.mouse.up()
    kernel.answer()
    (stroke,) = kernel.widget.document["strokes"]
    assert stroke["frame"] == 0 and stroke["object_id"] == 1
    np.testing.assert_allclose(stroke["points"][0], line[0], atol=0.05)
    assert kernel.widget.session.mask(0).any()
    kernel.until(lambda: bool((kernel.colour(*middle) != before).any()))

    page.get_by_role("button", name="Propagate").click()
    kernel.answer()
    assert kernel.widget.masks()[FRAMES - 1].any()
    page.get_by_role("slider", name="Frame").fill("5")
    kernel.answer()
    assert page.locator("output").text_content() == f"5 / {FRAMES - 1}"
    page.get_by_role("button", name="Undo the last round").click()
    kernel.answer()
    assert not kernel.widget.masks().any()
    page.get_by_role("button", name="Propagate").click()
    kernel.answer()
    assert "no frame is annotated" in (page.locator(".line").text_content() or "")
    page.evaluate("close_widget()")
    assert kernel.errors == []
