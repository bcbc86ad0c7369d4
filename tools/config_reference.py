"""Write the reference of all config keys, docs/en/config_reference.md and docs/zh-CN/config_reference.md.

    python tools/config_reference.py            write both pages
    python tools/config_reference.py --check    exit code 1, and why, when a page or a translation is out of date

The English texts are the constructors' docstrings and paddlevideo/config/meanings.py. The Chinese ones stand in
docs/zh-CN/config_terms.yaml by id, which has to have exactly the ids that there are.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from paddlevideo.config.reference import Row, Table, Text

TERMS = ROOT / "docs" / "zh-CN" / "config_terms.yaml"


@dataclass(frozen=True)
class Language:
    """The words of a page."""

    folder: str
    title: str
    head: str
    top: str
    columns: tuple[str, str, str, str]
    required: str
    named: str  # with {key} and {choices}
    steps: str  # with {choices}
    nothing: str
    comma: str


ENGLISH = Language(
    "en",
    "Config reference",
    "[简体中文](../zh-CN/config_reference.md) · [How a config is read](config.md)\n\n"
    "Every key with its type, default and meaning. `tools/config_reference.py` makes this page from the constructors; "
    "do not edit it. `int / null` is one or the other, `[int]` a list, `{str: float}` a mapping. A key without a "
    "default may be left out where nothing needs it.",
    "Top level",
    ("key", "type", "default", "meaning"),
    "required",
    "`{key}` can be {choices}; the other keys are its arguments.",
    "A list of `- Name: {{arguments}}`, where each can be {choices}.",
    "It has no arguments.",
    ", ",
)
CHINESE = Language(
    "zh-CN",
    "配置参考",
    "[English](../en/config_reference.md) · [配置如何被读取](config.md)\n\n"
    "每个键的类型、默认值和含义。本页由 `tools/config_reference.py` 根据构造函数生成，请勿直接修改。"
    "`int / null` 表示二者之一，`[int]` 表示列表，`{str: float}` 表示映射。"
    "没有默认值的键，在不需要它的任务中可以省略。",
    "顶层",
    ("键", "类型", "默认值", "含义"),
    "必填",
    "`{key}` 可以是 {choices}；其他键是它的参数。",
    "形如 `- Name: {{参数}}` 的列表，每一项可以是 {choices}。",
    "没有参数。",
    "、",
)


def render(tables: Sequence[Table], texts: Mapping[str, str | None], language: Language) -> str:
    """Return the page of ``tables`` with ``texts`` (by id) in them."""
    blocks = [f"# {language.title}", language.head]
    for table in tables:
        blocks.append(f"{'#' * table.level} {table.title or language.top}")
        if table.intro:
            blocks.append(_prose(table.intro, texts))
        if table.choices:
            choices = language.comma.join(f"[{name}]({_anchor(name)})" for name in table.choices)
            sentence = language.named if table.naming else language.steps
            blocks.append(sentence.format(key=table.naming, choices=choices))
        elif table.rows:
            head = ["| " + " | ".join(language.columns) + " |", "|---|---|---|---|"]
            blocks.append("\n".join(head + [_line(row, texts, language) for row in table.rows]))
        else:
            blocks.append(language.nothing)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _line(row: Row, texts: Mapping[str, str | None], language: Language) -> str:
    kind = " / ".join(f"`{one}`" for one in row.kind.split(" / "))
    cells = [
        f"`{row.key}`",
        f"[{kind}]({_anchor(row.table)})" if row.table else kind,
        language.required if row.required else f"`{row.default}`" if row.default else "",
        _prose(row.meaning, texts),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _prose(text: Text, texts: Mapping[str, str | None]) -> str:
    """Return a text as Markdown; where Python says None, YAML says null."""
    return re.sub(r"\bNone\b", "null", (texts.get(text.id) or "").replace("``", "`"))


def _anchor(title: str) -> str:
    """Return the link to a heading, as GitHub makes it."""
    return "#" + re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def problems(english: Mapping[str, str | None], terms: Mapping[str, str]) -> list[str]:
    """Return what is missing or left over in the two tables of texts, a line each."""
    from paddlevideo.config.meanings import MEANINGS

    unsaid = [id for id, text in english.items() if not text]
    stale = [id for id, text in MEANINGS.items() if english.get(id) != text]
    untranslated = [id for id, text in english.items() if text and not terms.get(id)]
    left = [id for id in terms if id not in english]
    return [
        *(
            f"{id}: no meaning; describe it under Args in its class's docstring, or in config_meanings.py"
            for id in unsaid
        ),
        *(f"{id}: no such key, or a docstring describes it; remove it from config_meanings.py" for id in stale),
        *(f"{id}: not translated; add it to {TERMS.name}: {english[id]}" for id in untranslated),
        *(f"{id}: no such key; remove it from {TERMS.name}" for id in left),
    ]


def pages() -> tuple[dict[Path, str], list[str]]:
    """Return the pages' texts by path, and the lines of `problems`."""
    from paddlevideo.config.reference import tables, texts
    from paddlevideo.utils.runtime import prepare_threads

    prepare_threads()
    found = tables()
    english, terms = texts(found), yaml.safe_load(TERMS.read_text(encoding="utf-8"))
    of_language = {ENGLISH: english, CHINESE: terms}
    page = {
        ROOT / "docs" / language.folder / "config_reference.md": render(found, words, language)
        for language, words in of_language.items()
    }
    return page, problems(english, terms)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when something is out of date")
    args = parser.parse_args(argv)
    texts, wrong = pages()
    for path, text in texts.items():
        if not args.check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            wrong.append(f"{path.relative_to(ROOT)}: out of date; run python tools/config_reference.py")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
