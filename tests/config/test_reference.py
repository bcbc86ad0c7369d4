"""Tables of keys, with toy parts in place of the project's; the project's own are tested in tests/tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import pytest

from paddlevideo.config.meanings import MEANINGS, SECTION_DEFAULTS
from paddlevideo.config.reference import Row, Text, described_arguments, described_fields, notation, tables, texts
from paddlevideo.config.schema import Arguments, Part, Section, Steps
from paddlevideo.session.options import SessionOptions
from paddlevideo.utils.registry import Registry

MODELS, STEPS = Registry("model"), Registry("step")


class Base:
    """What models share.

    Args:
        width: of the layers.
    """


@MODELS.register
class Small(Base):
    """A small model
    on two lines.

    More of it.

    Args:
        depth, height: how deep
            it is.
        source: supplied by the program.
    """

    _built = ("source",)

    def __init__(self, source: object, depth: int, height: float = 0.5, width: Sequence[int] = (1, 2)) -> None: ...


@STEPS.register
class Flip:
    """Turn."""


SCHEMA = Section(
    {
        "seed": int,
        "left": Part(MODELS, {"inner": int}, frozenset({"inner"})),
        "right": Part(MODELS, {"inner": int}, frozenset({"inner"})),
        "plain": Section({"steps": Steps(STEPS), "flip": Arguments(Flip)}),
    },
    required=frozenset({"left"}),
)


def test_a_schema_becomes_tables_in_its_order_and_equal_rules_share_one() -> None:
    found = tables(SCHEMA)
    assert [(table.title, table.level) for table in found] == [
        ("", 2),
        ("left, right", 2),
        ("Small", 3),
        ("plain", 2),
        ("plain.steps", 3),
        ("Flip", 4),
        ("plain.flip", 3),
    ]
    assert found[1].naming == "name" and found[1].choices == ["Small"]
    assert found[4].naming is None and found[4].choices == ["Flip"]
    assert found[0].rows[0] == Row(
        "seed", "int", None, False, "1234", Text("seed", "of everything random; ``--seed`` goes before it.")
    )
    assert [(row.key, row.table, row.required) for row in found[0].rows[1:]] == [
        ("left", "left, right", True),
        ("right", "left, right", False),
        ("plain", "plain", False),
    ]


def test_arguments_have_type_default_and_the_docstrings_meaning() -> None:
    small = tables(SCHEMA)[2]
    assert small.intro == Text("Small", "A small model on two lines.")
    assert small.rows == [
        Row("depth", "int", None, True, "", Text("Small.depth", "how deep it is.")),
        Row("height", "float", None, False, "0.5", Text("Small.height", "how deep it is.")),
        Row("width", "[int]", None, False, "[1, 2]", Text("Base.width", "of the layers.")),  # the base says it
        Row("inner", "int", None, True, "", Text("Small.inner", None)),  # nobody does
    ]
    assert texts(tables(SCHEMA))["Small.inner"] is None


def test_the_text_after_the_arguments_is_none_of_theirs() -> None:
    docstring = (
        "Do.\n\n    Args:\n        a: first,\n            on.\n        b, c: others.\n\n    ``forward`` takes: x.\n"
    )
    assert described_arguments(docstring) == {"a": "first, on.", "b": "others.", "c": "others."}
    assert described_arguments("Do: it.") == {}


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int | None, "int / null"),
        (Literal["a", "b"], "a / b"),
        (Sequence[float], "[float]"),
        (tuple[int, ...], "[int]"),
        (tuple[int, str], "[int, str]"),
        (Mapping[str, float] | None, "{str: float} / null"),
        (dict, "{...}"),
        (Path, "str"),
        (Any, "any"),
    ],
)
def test_types_in_yaml_words(annotation: Any, words: str) -> None:
    assert notation(annotation) == words


@dataclass(frozen=True)
class Rules:
    """How it works."""

    width: int = 3
    """how wide it
    is."""

    height: int = 4


def test_a_dataclass_says_below_a_field_what_it_means() -> None:
    assert described_fields(Rules) == {"width": "how wide it is."}
    table = tables(Section({"rules": Arguments(Rules)}))[1]
    assert table.intro == Text("Rules", "How it works.")
    assert table.rows == [
        Row("width", "int", None, False, "3", Text("Rules.width", "how wide it is.")),
        Row("height", "int", None, False, "4", Text("Rules.height", None)),
    ]


def test_the_options_of_a_session_stand_in_one_place() -> None:
    table = next(table for table in tables() if table.title == "INFERENCE")
    assert not any(path.startswith("INFERENCE.") for path in (*SECTION_DEFAULTS, *MEANINGS))
    assert {row.key for row in table.rows} == {each.name for each in fields(SessionOptions)} - {"undo_depth"}
    assert all(row.meaning.english for row in table.rows)
    defaults = {row.key: row.default for row in table.rows}
    assert defaults["max_memory_mib"] == "384" and defaults["reach"] == "video" and defaults["max_leap"] == "null"
