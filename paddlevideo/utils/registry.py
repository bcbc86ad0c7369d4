"""Names in a YAML file to classes: a `Registry` a family of exchangeable parts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar, get_type_hints

from .errors import InputError

T = TypeVar("T", bound=type)


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return `` (did you mean 'X'?)`` for the choice closest to ``word``, else an empty string."""
    found = difflib.get_close_matches(str(word), [str(choice) for choice in choices], n=1, cutoff=0.5)
    return f" (did you mean '{found[0]}'?)" if found else ""


class Registry:
    """Classes of one family (``"backbone"``, ``"head"``, ...) by name."""

    def __init__(self, family: str, key: str = "name", called: str = "__name__") -> None:
        self.family = family
        self.key = key
        self._called = called  # the attribute of a class that is its name here
        self._classes: dict[str, type] = {}

    def register(self, cls: T) -> T:
        """Class decorator: enter ``cls`` under its own name."""
        name = getattr(cls, self._called)
        if name in self._classes:
            raise ValueError(f"{self.family} '{name}' is registered twice")
        self._classes[name] = cls
        return cls

    def names(self) -> list[str]:
        return sorted(self._classes)

    def __contains__(self, name: object) -> bool:
        return name in self._classes

    def get(self, name: str) -> type:
        """Return the class called ``name``; raise `InputError` that lists the names there are."""
        if name not in self._classes:
            hint = nearest(name, self._classes)
            raise InputError(f"no {self.family} is called '{name}'{hint}; there are: {', '.join(self.names())}")
        return self._classes[name]

    def build(self, config: Mapping[str, Any], **extra: Any) -> Any:
        """Construct the class that ``config[key]`` names; the other keys and ``extra`` are its arguments."""
        arguments = {name: value for name, value in config.items() if name != self.key}
        cls = self.get(config[self.key])
        for name, options in flat_options(cls).items():
            given = {field.name for field in fields(options)} & arguments.keys()
            arguments[name] = options(**{key: arguments.pop(key) for key in given})
        return cls(**arguments, **extra)


def flat_options(cls: type) -> dict[str, Any]:
    """Return the dataclasses of the constructor's arguments that the class attribute ``_flat`` names.

    In a config their fields stand beside the other arguments, without a level of their own.
    """
    names = getattr(cls, "_flat", ())
    hints = get_type_hints(cls.__init__) if names else {}  # type: ignore[misc]
    return {name: hints[name] for name in names}


BACKBONES = Registry("backbone")
ENCODERS = Registry("encoder")
HEADS = Registry("head")
DECODERS = Registry("border decoder")
LOSSES = Registry("loss")
FRAMEWORKS = Registry("framework", key="framework")
DATASETS = Registry("dataset", key="format")
TRANSFORMS = Registry("transform")
OPTIMIZERS = Registry("optimizer")
SCHEDULES = Registry("learning rate schedule")
METRICS = Registry("metric")
EXPORTERS = Registry("kind of export", called="key")
