"""Does a value read from YAML fit a Python type annotation?"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

_WORDS: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    dict: "a mapping",
    Mapping: "a mapping",
}


def fits(value: Any, annotation: Any) -> bool:
    """Return whether ``value`` fits ``annotation``: a whole number is a float, a list is any sequence, text is a path.

    A class that YAML cannot write (a layer, say) is fitted by nothing.
    """
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return True
    if annotation is None:
        return value is None
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in inner)
    kind = origin or annotation
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        return isinstance(value, list) and len(value) == len(inner) and all(map(fits, value, inner))
    if kind in (list, tuple, set, frozenset, Sequence, Iterable):
        return isinstance(value, list) and all(fits(item, inner[0] if inner else Any) for item in value)
    if kind in (dict, Mapping):
        return isinstance(value, dict) and all(fits(item, inner[1] if inner else Any) for item in value.values())
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is Path:
        return isinstance(value, str)
    return kind in (bool, int, str, types.NoneType) and type(value) is kind


def wording(thing: Any) -> str:
    """Return an annotation (``"a number or null"``) or a value (``"'abc'"``) in words for an error line."""
    origin, inner = get_origin(thing), get_args(thing)
    if thing is None or thing is types.NoneType:
        return "null"
    if origin in (Union, types.UnionType):
        return " or ".join(wording(one) for one in inner)
    if origin is Literal:
        return " or ".join(repr(one) for one in inner)
    kind = origin or thing
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        return f"[{', '.join(wording(one) for one in inner)}]"
    if kind in (list, tuple, set, frozenset, Sequence, Iterable):
        return f"a list of {wording(inner[0])}" if inner else "a list"
    if isinstance(kind, type):
        return _WORDS.get(kind) or f"a {kind.__name__}, which YAML cannot write"
    return _WORDS[dict] if isinstance(thing, dict) else "a list" if isinstance(thing, list) else repr(thing)
