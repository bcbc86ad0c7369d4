"""What YAML files and overrides say: one plain dictionary, and where each of its values was written.

`read_config` reads a file over its ``_base_`` files, `apply_override` enters one ``-o KEY.SUB=VALUE``. Each value's
origin (``FILE:LINE`` or the override) is kept, so that an error can say where to look.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ..utils.errors import InputError

Config = dict[str, Any]
Keys = tuple[str | int, ...]
Origins = dict[Keys, str]  # where each value was written

_NAMING_KEYS = ("name", "framework", "format")
_DEEPEST = 20  # an alias that holds itself would descend for ever


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads ``1e-3`` as the number it is (YAML 1.1 wants a dot and a sign)."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_config(path: Path, _below: tuple[Path, ...] = ()) -> tuple[Config, Origins]:
    """Return the mapping of one YAML file, merged over the files its ``_base_`` names (relative to it), and origins."""
    path = Path(path)
    if path.resolve() in _below:
        raise InputError(f"{path}: _base_ leads back to this file; remove it from one of them")
    try:
        config, origins = _parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputError(f"{path}: cannot read the config file ({reason}); check the path given to -c") from error
    if not isinstance(config, dict):
        raise InputError(f"{path}: the file should hold a mapping (KEY: VALUE lines)")
    bases = config.pop("_base_", None) or []
    bases = [bases] if isinstance(bases, str) else bases
    if not (isinstance(bases, list) and all(isinstance(base, str) for base in bases)):
        raise InputError(f"{origins[('_base_',)]}: _base_ should be a path or a list of paths")
    merged: Config = {}
    merged_origins: Origins = {}
    for base in bases:
        if not (path.parent / base).is_file():
            raise InputError(f"{origins[('_base_',)]}: _base_: there is no file {path.parent / base}")
        base_config, base_origins = read_config(path.parent / base, (*_below, path.resolve()))
        merged = merge(merged, base_config)
        merged_origins.update(base_origins)
    return merge(merged, config), {**merged_origins, **origins}


def merge(base: Config, over: Config) -> Config:
    """Return ``base`` with ``over`` laid on it: mappings merge key by key, anything else is replaced.

    A mapping that names another part (``name``, ``framework`` or ``format`` differs) replaces the base's whole, since
    the arguments of one class mean nothing to another.
    """
    if any(key in base and key in over and base[key] != over[key] for key in _NAMING_KEYS):
        return over
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def apply_override(config: Config, origins: Origins, override: str) -> None:
    """Enter ``KEY.SUB=VALUE`` into ``config`` in place: integers index lists, VALUE is YAML and may contain ``=``."""
    name, equals, text = override.partition("=")
    *parents, last = parts = name.split(".")
    if not equals or not all(parts):
        raise InputError(f"-o {override}: an override is written KEY.SUB=VALUE")
    origin = f"-o {override}"
    value, _ = _parse(text, origin)
    place: Any = config
    keys: Keys = ()
    for part in parents:
        key = _index(place, part, origin, keys)
        keys = (*keys, key)
        if isinstance(place, dict) and place.get(key) is None:
            place[key] = {}
            origins[keys] = origin
        place = place[key]
        if not isinstance(place, (dict, list)):
            raise InputError(f"{origin}: {dotted(keys)} is {place!r}, it holds no '{parts[len(keys)]}'")
    key = _index(place, last, origin, keys)
    if last in _NAMING_KEYS and isinstance(place, dict) and place.get(last, value) != value:
        place.clear()  # the arguments of one class mean nothing to another
        for stale in [known for known in origins if known[: len(keys)] == keys and known != keys]:
            del origins[stale]
    place[key] = value
    keys = (*keys, key)
    for stale in [known for known in origins if known[: len(keys)] == keys]:
        del origins[stale]
    origins[keys] = origin


def dotted(keys: Keys) -> str:
    return ".".join(str(key) for key in keys)


def _index(place: Any, part: str, origin: str, keys: Keys) -> str | int:
    if not isinstance(place, list):
        return part
    if not part.isdecimal() or int(part) >= len(place):
        raise InputError(f"{origin}: {dotted(keys)} is a list of {len(place)}: use an index 0 to {len(place) - 1}")
    return int(part)


def _parse(text: str, source: str) -> tuple[Any, Origins]:
    """Return the value of a YAML text and the origin of every key in it."""
    origins: Origins = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return (None if node is None else _value(loader, node, (), source, origins)), origins
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "a character that YAML does not allow"
        raise InputError(f"{_at(source, mark)}: YAML: {problem}; mend the syntax there") from error


def _value(loader: _Loader, node: yaml.Node, keys: Keys, source: str, origins: Origins) -> Any:
    origins.setdefault(keys, _at(source, node.start_mark))
    if len(keys) > _DEEPEST:
        raise InputError(f"{_at(source, node.start_mark)}: over {_DEEPEST} levels deep; does an alias hold itself?")
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*keys, i), source, origins) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(loader, node, source)
    _refuse_twins(node, keys, source)
    loader.flatten_mapping(node)  # '<<: *anchor'
    mapping: Config = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        origins[(*keys, key)] = _at(source, key_node.start_mark)
        mapping[key] = _value(loader, value_node, (*keys, key), source, origins)
    return mapping


def _scalar(loader: _Loader, node: yaml.Node, source: str) -> Any:
    try:
        return loader.construct_object(node)
    except ValueError as error:  # a date such as 2020-99-99
        raise InputError(f"{_at(source, node.start_mark)}: {error}; put it in quotes if it is text") from error


def _refuse_twins(node: yaml.MappingNode, keys: Keys, source: str) -> None:
    """YAML keeps the last of two equal keys without a word: refuse them."""
    seen: set[str] = set()
    for key_node, _ in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None or key in seen:
            problem = "a key should be one word" if key is None else "this key stands there twice; remove one"
            raise InputError(f"{_at(source, key_node.start_mark)}: {dotted((*keys, key or '?'))}: {problem}")
        seen.add(key)


def _at(source: str, mark: yaml.Mark | None) -> str:
    return source if mark is None or source.startswith("-o ") else f"{source}:{mark.line + 1}"
