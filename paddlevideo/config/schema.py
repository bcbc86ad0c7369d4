"""What a config may hold: the registered classes' own constructor arguments, and a small table of where they stand.

A rule is one of `Section` (named keys), `Part` (a registered class and its arguments), `Arguments` (one class's
arguments), `Steps` (a list of ``{Name: {arguments}}``) or a plain type annotation such as ``int | None``.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_type_hints

from ..utils.errors import InputError
from ..utils.registry import (
    BACKBONES,
    DATASETS,
    DECODERS,
    ENCODERS,
    FRAMEWORKS,
    HEADS,
    LOSSES,
    METRICS,
    OPTIMIZERS,
    SCHEDULES,
    TRANSFORMS,
    Registry,
    flat_options,
    nearest,
)
from ..utils.runtime import import_paddle
from .annotations import fits, wording
from .yaml_file import Keys, Origins, dotted


@dataclass(frozen=True)
class Section:
    """A mapping with these keys, each with its rule; ``required`` ones must be there."""

    keys: Mapping[str, Any]
    required: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Part:
    """A mapping whose ``registry.key`` names a class; the other keys are its constructor's arguments.

    ``inner`` gives rules for arguments that are themselves parts, and for keys that the builder consumes; ``required``
    names those of them that must be there. ``beside`` are classes that take their arguments from the same mapping. An
    ``optional`` part may be null: there is none.
    """

    registry: Registry
    inner: Mapping[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    beside: tuple[type, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Arguments:
    """A mapping of one class's constructor arguments."""

    cls: type


@dataclass(frozen=True)
class Steps:
    """A list of ``{Name: {arguments}}`` with names of ``registry``."""

    registry: Registry


def import_parts() -> None:
    """Import the modules that fill the registries."""
    import_paddle()
    for module in ("modeling", "loader", "loader.builder", "solver", "metrics"):
        importlib.import_module(f"paddlevideo.{module}")


def project_schema() -> Section:
    """Return the rules of this project's config files."""
    import_parts()
    matching = importlib.import_module("paddlevideo.modeling.matching").MatchingConfig
    objective = importlib.import_module("paddlevideo.solver.objective").ObjectiveOptions
    preprocess = importlib.import_module("paddlevideo.loader.preprocess").Preprocess
    options = importlib.import_module("paddlevideo.session.options").SessionOptions
    return Section(
        {
            "MODEL": _model_rule(matching, objective),
            "DATASET": Section(
                {
                    "batch_size": int,
                    "valid_batch_size": int,
                    "test_batch_size": int,
                    "num_workers": int,
                    "train": Part(DATASETS),
                    "valid": _JUDGED_FOLDER,
                    "test": _JUDGED_FOLDER,
                }
            ),
            "PIPELINE": Section(
                {"input": Arguments(preprocess), "train": Section({"transform": Steps(TRANSFORMS)})},
                required=frozenset({"input"}),
            ),
            "OPTIMIZER": Part(OPTIMIZERS, {"learning_rate": Part(SCHEDULES)}),
            "METRIC": Part(METRICS),
            "VALIDATION": Arguments(METRICS.get("RoundMetric")),
            "INFERENCE": Arguments(options),
            **_TOP_LEVEL,
        },
        required=frozenset({"MODEL", "PIPELINE", "model_name"}),
    )


_JUDGED_FOLDER = Section(
    {
        "format": Literal["DAVISDataset"],
        "file_path": str,
        "split": str | None,
        "sequences": list[str] | None,
        "resolution": str,
        "max_objects": int,
    },
    required=frozenset({"format", "file_path"}),
)

_TOP_LEVEL = {
    "stages": dict[str, dict[str, Any]] | None,
    "model_name": str,
    "epochs": int,
    "log_interval": int,
    "save_interval": int,
    "save_minutes": float | None,
    "val_interval": int,
    "keep_checkpoints": int,
    "ema_decay": float | None,
    "output_dir": str,
    "seed": int,
    "sync_norm": bool,
    "reference": bool,
}


def _model_rule(matching: type, objective: type) -> Part:
    backbone = Part(BACKBONES, {"encoder": Part(ENCODERS), "pretrained": str | None}, frozenset({"encoder"}))
    heads = dict.fromkeys(("embedding", "interaction_head", "propagation_head"), Part(HEADS))
    parts = {"backbone": backbone, **heads, "loss": Part(LOSSES)}
    more = {"matching": Arguments(matching), "border_decoder": Part(DECODERS, optional=True)}
    return Part(FRAMEWORKS, {**parts, **more}, frozenset(parts), beside=(objective,))


def check(value: Any, rule: Any, origins: Origins, keys: Keys = ()) -> None:
    """Raise `InputError` for the first key, type or name under ``keys`` that ``rule`` does not allow."""
    if isinstance(rule, Section):
        _check_mapping(_mapping(value, origins, keys), rule.keys, rule.required, origins, keys)
    elif isinstance(rule, Part):
        if not (rule.optional and value is None):
            _check_part(_mapping(value, origins, keys), rule, origins, keys)
    elif isinstance(rule, Arguments):
        _check_mapping(_mapping(value, origins, keys), *rules_of(rule.cls), origins, keys)
    elif isinstance(rule, Steps):
        _check_steps(value, rule, origins, keys)
    elif not fits(value, rule):
        raise _error(origins, keys, f"expected {wording(rule)}, found {wording(value)}")


@dataclass(frozen=True)
class Argument:
    """An argument that a YAML file may give.

    Attributes:
        annotation: its type.
        default: ``inspect.Parameter.empty`` for one that must be given.
        owner: the class whose constructor takes it: the registered one, or a dataclass of options.
    """

    annotation: Any
    default: Any
    owner: type


def arguments_of(cls: type) -> dict[str, Argument]:
    """Return the arguments that a YAML file may give to ``cls``, by name.

    Arguments that the program supplies are named by the class attribute ``_built`` and left out. Those that ``_flat``
    names are dataclasses; their fields stand in their place.
    """
    # A class without its own constructor has object's, whose *args is no argument anyone can name.
    constructor = cls.__init__  # type: ignore[misc]
    hints = get_type_hints(constructor) if inspect.isfunction(constructor) else {}
    flat, found = flat_options(cls), {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if name in flat:
            found.update(arguments_of(flat[name]))
        elif name not in getattr(cls, "_built", ()) and parameter.kind not in _COLLECTING:
            found[name] = Argument(hints.get(name, Any), parameter.default, cls)
    return found


_COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def rules_of(cls: type) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the annotations of the arguments of `arguments_of`, and the names of the required ones."""
    arguments = arguments_of(cls)
    required = (name for name, argument in arguments.items() if argument.default is inspect.Parameter.empty)
    return {name: argument.annotation for name, argument in arguments.items()}, frozenset(required)


def spread_reference(value: Any, rule: Any) -> None:
    """Set ``reference: true``, in place, on every part of a checked config that has this argument and is silent."""
    if isinstance(rule, Steps):
        for step in value:
            [(name, arguments)] = step.items()
            step[name] = arguments = {} if arguments is None else arguments
            spread_reference(arguments, Arguments(rule.registry.get(name)))
    elif isinstance(rule, (Part, Arguments)) and value is not None:
        classes = [rule.registry.get(value[rule.registry.key]), *rule.beside] if isinstance(rule, Part) else [rule.cls]
        if any("reference" in arguments_of(cls) for cls in classes):
            value.setdefault("reference", True)
    inner = rule.keys if isinstance(rule, Section) else rule.inner if isinstance(rule, Part) else {}
    for key in inner.keys() & (value if isinstance(value, dict) else {}).keys():
        spread_reference(value[key], inner[key])


def _check_part(config: dict[str, Any], rule: Part, origins: Origins, keys: Keys) -> None:
    registry = rule.registry
    if registry.key not in config:
        for key in config:  # a misspelt naming key is the likelier slip
            if nearest(key, [registry.key]):
                raise _error(origins, (*keys, key), f"unknown key (did you mean '{registry.key}'?)")
        known = ", ".join(registry.names())
        raise _error(origins, keys, f"the key '{registry.key}' is missing; it names the {registry.family}: {known}")
    named = _registered(config[registry.key], registry, origins, (*keys, registry.key))
    rules: dict[str, Any] = {registry.key: str}
    required = rule.required
    for cls in (named, *rule.beside):
        arguments, needed = rules_of(cls)
        rules, required = rules | arguments, required | needed
    _check_mapping(config, {**rules, **rule.inner}, required, origins, keys)


def _check_steps(steps: Any, rule: Steps, origins: Origins, keys: Keys) -> None:
    if not isinstance(steps, list):
        raise _error(origins, keys, f"expected a list of {{Name: {{arguments}}}}, found {wording(steps)}")
    for i, step in enumerate(steps):
        if not (isinstance(step, dict) and len(step) == 1):
            raise _error(origins, (*keys, i), "a step is written '- Name: {arguments}'")
        [(name, arguments)] = step.items()
        here = (*keys, i, name)
        known = rules_of(_registered(name, rule.registry, origins, here))
        _check_mapping({} if arguments is None else _mapping(arguments, origins, here), *known, origins, here)


def _registered(name: Any, registry: Registry, origins: Origins, keys: Keys) -> type:
    try:
        return registry.get(name if isinstance(name, str) else repr(name))
    except InputError as error:
        raise _error(origins, keys, str(error)) from None


def _check_mapping(
    config: dict[str, Any], rules: Mapping[str, Any], required: frozenset[str], origins: Origins, keys: Keys
) -> None:
    for key in config:
        if key not in rules:
            known = ", ".join(sorted(rules)) or "none"
            raise _error(origins, (*keys, key), f"unknown key{nearest(key, rules)}; there are: {known}")
    for key, value in config.items():
        check(value, rules[key], origins, (*keys, key))
    if missing := sorted(required - config.keys()):
        raise _error(origins, keys, f"the key '{missing[0]}' is missing")


def _mapping(value: Any, origins: Origins, keys: Keys) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _error(origins, keys, f"expected a mapping (KEY: VALUE lines), found {wording(value)}")
    return value


def _error(origins: Origins, keys: Keys, problem: str) -> InputError:
    """Return the error for the value at ``keys``, with the origin of it or of what holds it."""
    origin = next((origins[keys[:end]] for end in range(len(keys), -1, -1) if keys[:end] in origins), "config")
    return InputError(": ".join(text for text in (origin, dotted(keys), problem) if text))
