"""The pages of the config reference: up to date, whole in both languages, and readable by a person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddlevideo.config.meanings import MEANINGS
from tools import config_reference as tool


@pytest.fixture(scope="module")
def pages() -> tuple[dict[Path, str], list[str]]:
    return tool.pages()


def test_the_committed_pages_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    code = tool.main(["--check"])
    assert capsys.readouterr().err == ""
    assert code == 0


def test_every_key_is_described_and_translated_and_nothing_is_left_over(pages) -> None:
    assert pages[1] == []


def test_what_is_missing_or_left_over_is_named() -> None:
    described = {**MEANINGS, "ResNet.depth": "layers.", "ResNet.width": None}
    terms = {**dict.fromkeys(MEANINGS, "好"), "ResNet.height": "高"}
    lines = tool.problems(described, terms)
    assert [line.split(":")[0] for line in lines] == ["ResNet.width", "ResNet.depth", "ResNet.height"]
    assert "no meaning" in lines[0] and "not translated" in lines[1] and "no such key" in lines[2]
    del described["epochs"]
    assert any("epochs: no such key, or a docstring describes it" in line for line in tool.problems(described, terms))


def test_rows_have_type_default_and_meaning(pages) -> None:
    english = next(text for path, text in pages[0].items() if path.parent.name == "en")
    assert "| `depth` | `int` | `101` | 50, 101 or 152" in english
    assert "| `grad_clip` | `float` / `null` | `null` |" in english
    assert "| `file_path` | `str` | required |" in english
    assert "| `keep_checkpoints` | `int` | `3` |" in english
    assert "| `encoder` | [`{...}`](#modelbackboneencoder) | required |" in english
    assert "``" not in english and " None" not in english


def test_links_lead_to_headings_and_both_languages_have_the_same(pages) -> None:
    shapes = []
    for text in pages[0].values():
        headings = re.findall(r"^(#+) (.*)$", text, re.MULTILINE)
        anchors = {tool._anchor(title) for _, title in headings}
        assert set(re.findall(r"\]\((#[^)]+)\)", text)) <= anchors
        shapes.append([marks for marks, _ in headings])
        keys = re.findall(r"^\| (`\w+`)", text, re.MULTILINE)
        shapes[-1] += keys
        assert all(line.count(" | ") >= 3 for line in text.splitlines() if line.startswith("| "))
    assert shapes[0] == shapes[1]


def test_a_page_that_was_edited_fails_the_check_and_is_written_anew(
    tmp_path: Path, pages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "docs" / "en" / "config_reference.md"
    path.parent.mkdir(parents=True)
    path.write_text("edited")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "pages", lambda: ({path: "made\n"}, []))
    assert tool.main(["--check"]) == 1
    assert "docs/en/config_reference.md: out of date" in capsys.readouterr().err
    assert path.read_text() == "edited"
    assert tool.main([]) == 0
    assert path.read_text() == "made\n"
