"""All config keys as tables: from the schema, the constructors' signatures and their docstrings.

Every text has an id that translations go by: ``Class.argument`` for a constructor's argument (the class is the one
whose docstring describes it), ``Class`` for a class, else the key's dotted path.
"""

from __future__ import annotations

import ast
import inspect
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml

from . import loading as config
from .meanings import MEANINGS, SECTION_DEFAULTS
from .schema import Argument, Arguments, Part, Section, Steps, arguments_of, project_schema

TOP = ""
_REQUIRED = inspect.Parameter.empty
DEFAULTS = {**SECTION_DEFAULTS, **config.DEFAULTS}


@dataclass(frozen=True)
class Text:
    """An English text and the id of its translation; ``english`` is None when nobody has written it."""

    id: str
    english: str | None


@dataclass(frozen=True)
class Row:
    """A key."""

    key: str
    kind: str  # its type in YAML's words
    table: str | None  # title of the one that says more
    required: bool
    default: str  # in YAML, empty for none
    meaning: Text


@dataclass
class Table:
    """The keys of a section or of a class, or the classes that may stand at a key (``choices``)."""

    title: str  # the dotted path, several where they share the table, or the class; empty for the top level
    level: int  # of the heading
    intro: Text | None = None
    naming: str | None = None  # the key that names one of the choices; None in a list of ``Name: {arguments}``
    choices: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def tables(schema: Section | None = None) -> list[Table]:
    """Return the tables of ``schema`` (the project's own) in the order of its sections."""
    return list(_Walk(project_schema() if schema is None else schema).tables())


def texts(of: list[Table]) -> dict[str, str | None]:
    """Return every text of the tables by its id."""
    found = [table.intro for table in of if table.intro] + [row.meaning for table in of for row in table.rows]
    return {text.id: text.english for text in found}


class _Walk:
    """Goes through a schema; rules that stand at several keys (the heads) make one table."""

    def __init__(self, schema: Section) -> None:
        self._places: list[tuple[Any, list[str]]] = []  # compound rules and their paths, in order
        self._collect(schema, TOP)

    def tables(self) -> Iterator[Table]:
        for rule, paths in self._places:
            title, level = ", ".join(paths), 2 + min(paths[0].count("."), 2)
            if isinstance(rule, Section):
                yield Table(title, level, rows=[self._section_row(rule, paths[0], key) for key in rule.keys])
            elif isinstance(rule, Arguments):
                yield Table(title, level, _summary(rule.cls), rows=list(self._class_rows(rule.cls, None, paths[0])))
            else:
                yield Table(title, level, naming=_naming(rule), choices=rule.registry.names())
                for cls in map(rule.registry.get, rule.registry.names()):
                    part = rule if isinstance(rule, Part) else None
                    rows = list(self._class_rows(cls, part, paths[0]))
                    for other in part.beside if part else ():
                        rows += self._class_rows(other, None, paths[0])
                    yield Table(cls.__name__, level + 1, _summary(cls), rows=rows)

    def _collect(self, rule: Any, path: str) -> None:
        if not isinstance(rule, (Section, Part, Arguments, Steps)):
            return
        known = next((paths for other, paths in self._places if other == rule), None)
        if known is not None:
            known.append(path)
            return
        self._places.append((rule, [path]))
        inner = rule.keys if isinstance(rule, Section) else rule.inner if isinstance(rule, Part) else {}
        for key, below in inner.items():
            self._collect(below, _join(path, key))

    def _title(self, rule: Any) -> str | None:
        return next((", ".join(paths) for other, paths in self._places if other == rule), None)

    def _section_row(self, section: Section, path: str, key: str) -> Row:
        rule, name = section.keys[key], _join(path, key)
        meaning = Text(name, MEANINGS.get(name))
        return Row(key, _kind(rule), self._title(rule), key in section.required, _default(name), meaning)

    def _class_rows(self, cls: type, part: Part | None, path: str) -> Iterator[Row]:
        arguments = arguments_of(cls)
        inner = part.inner if part else {}
        for key in {**arguments, **inner}:
            name, argument = _join(path, key), arguments.get(key, Argument(None, _REQUIRED, cls))
            rule = inner.get(key, argument.annotation)
            required = key in arguments and argument.default is _REQUIRED or key in (part.required if part else ())
            default = _default(name) if required or key not in arguments else in_yaml(argument.default)
            meaning = _meaning(argument.owner, key, name)
            yield Row(key, _kind(rule), self._title(rule), required, default, meaning)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _default(path: str) -> str:
    return in_yaml(DEFAULTS[path]) if path in DEFAULTS else ""


def _naming(rule: Part | Steps) -> str | None:
    return rule.registry.key if isinstance(rule, Part) else None


def _summary(cls: type) -> Text:
    return Text(cls.__name__, _flat(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0]) or None)


def _meaning(cls: type, key: str, path: str) -> Text:
    """Return what the class, or a base of it, says of argument ``key``, else what `MEANINGS` says.

    A class says it under Args in its docstring, a dataclass also by a text below the field.
    """
    owners = cls.__mro__[:-1]  # without object
    for owner in owners:
        described = {**described_arguments(owner.__doc__), **described_fields(owner)}
        if key in described:
            return Text(f"{owner.__name__}.{key}", described[key])
    ids = [path, *(f"{owner.__name__}.{key}" for owner in owners)]
    return next((Text(id, MEANINGS[id]) for id in ids if id in MEANINGS), Text(f"{cls.__name__}.{key}", None))


def described_arguments(docstring: str | None) -> dict[str, str]:
    """Return the meanings under ``Args:``; ``a, b: text`` counts for both."""
    block = re.search(r"^Args:\n((?:[ ]{4,}.*\n|\n)*)", inspect.cleandoc(docstring or "") + "\n", re.MULTILINE)
    entries = re.split(r"^[ ]{4}(?=\w)", block[1] if block else "", flags=re.MULTILINE)[1:]
    found: dict[str, str] = {}
    for entry in entries:
        names, _, text = entry.partition(":")
        found.update(dict.fromkeys(re.split(r",\s*", names), _flat(text)))
    return found


def described_fields(cls: type) -> dict[str, str]:
    """Return the texts that stand below a dataclass's fields."""
    if not is_dataclass(cls):
        return {}
    (definition,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for each, below in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and isinstance(below, ast.Expr):
            found[each.target.id] = _flat(str(ast.literal_eval(below.value)))
    return found


def _flat(text: str) -> str:
    return " ".join(text.split())


def _kind(rule: Any) -> str:
    """Return a rule's type in short: ``int / null``, ``[float]``; a compound one's is a mapping or a list."""
    if isinstance(rule, (Section, Part, Arguments)):
        return "{...} / null" if isinstance(rule, Part) and rule.optional else "{...}"
    return "[...]" if isinstance(rule, Steps) else notation(rule)


def notation(annotation: Any) -> str:
    """Return a type annotation as YAML would show its values: ``[float] / null``."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is None or annotation is types.NoneType:
        return "null"
    if origin in (Union, types.UnionType):
        return " / ".join(map(notation, inner))
    if origin is Literal:
        return " / ".join(map(in_yaml, inner))
    kind = origin or annotation
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return f"{{{notation(inner[0])}: {notation(inner[1])}}}" if inner else "{...}"
    if kind in (bool, int, float, str, Path) or annotation is Any:
        return {Path: "str", Any: "any"}.get(kind) or kind.__name__
    return f"[{', '.join(notation(one) for one in inner if one is not Ellipsis)}]"


def in_yaml(value: Any) -> str:
    """Return a value on one line of YAML."""
    value = list(value) if isinstance(value, (tuple, set, frozenset)) else value
    return yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()
