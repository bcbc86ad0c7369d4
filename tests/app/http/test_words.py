"""The page's words: both languages say the same things, all that the page asks for is there, and every error's code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from paddlevideo.app.errors import ERRORS
from paddlevideo.app.http import server

STATIC = Path(server.__file__).parents[1] / "static"
WORDS = {name: json.loads((STATIC / "words" / f"{name}.json").read_text("utf-8")) for name in ("en", "zh-CN")}


def test_both_languages_have_the_same_keys_and_gaps() -> None:
    assert list(WORDS["en"]) == list(WORDS["zh-CN"])
    for key, text in WORDS["en"].items():
        gaps = set(re.findall(r"\{\w+\}", text))
        assert gaps == set(re.findall(r"\{\w+\}", WORDS["zh-CN"][key])), key


@pytest.mark.parametrize("language", WORDS)
def test_every_error_has_words_whose_gaps_the_server_fills(language: str) -> None:
    for code, (_, line) in ERRORS.items():
        text = WORDS[language][f"error.{code}"]
        assert set(re.findall(r"\{\w+\}", text)) <= set(re.findall(r"\{\w+\}", line)), code


def test_all_words_that_the_page_asks_for_are_there() -> None:
    scripts = "".join(path.read_text("utf-8") for path in (STATIC / "js").rglob("*.js"))
    asked = set(re.findall(r'\bt\(\s*"([\w.]+)"', scripts))
    assert len(asked) > 80
    assert asked <= set(WORDS["en"])


def test_the_page_loads_nothing_from_elsewhere() -> None:
    for path in STATIC.rglob("*"):
        if path.suffix in (".html", ".css", ".js"):
            addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text("utf-8")))
            assert addresses <= {"http://www.w3.org"}, path
