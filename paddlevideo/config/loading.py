"""YAML in, a checked plain dictionary out.

`yaml_file` reads what is written, `deprecated` drops old keys, and `schema` checks every key, type and name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..utils.errors import InputError
from .deprecated import drop_deprecated
from .schema import check, project_schema, spread_reference
from .stages import stage_of
from .yaml_file import Config, Origins, apply_override, read_config

# Intervals count optimisation steps.
DEFAULTS: Config = {
    "log_interval": 10,
    "save_interval": 1000,
    "val_interval": 1000,
    "keep_checkpoints": 3,
    "seed": 1234,
    "sync_norm": False,
    "reference": False,
}
_COUNTS = ("log_interval", "save_interval", "val_interval", "keep_checkpoints")  # 1 or more
NEEDED = {
    "train": ("DATASET.batch_size", "DATASET.train", "OPTIMIZER", "epochs"),
    "--validate": ("DATASET.valid",),
    "test": ("DATASET.test", "METRIC"),
    "infer": (),
    "serve": (),
}


def load_config(path: str | Path, overrides: Sequence[str] = (), schema: Any = None) -> Config:
    """Return the config file ``path`` with ``overrides`` (``KEY.SUB=VALUE``) entered, checked and its defaults filled.

    Under ``stages`` each stage stands as a whole config. With ``reference: true`` every part that can reproduce the
    official code's quirks does so, unless it says otherwise.
    ``schema`` (a `paddlevideo.config.schema.Section`) defaults to the project's own, derived from the constructors of
    all registered parts. Raises `InputError` that names the file and line, or the override, of what is wrong.
    """
    config, origins = read_config(Path(path))
    for override in overrides:
        apply_override(config, origins, override)
    drop_deprecated(config, origins)
    return _finished(config, origins, project_schema() if schema is None else schema)


def _finished(config: Config, origins: Origins, schema: Any) -> Config:
    """Return ``config`` checked and with its defaults, its stages likewise."""
    check(config, schema, origins)
    if config.get("reference"):
        spread_reference(config, schema)
    config = {**DEFAULTS, **config}
    for key in _COUNTS:
        if config[key] < 1:
            raise InputError(f"{origins[(key,)]}: {key}: expected 1 or more, found {config[key]}")
    config.setdefault("output_dir", f"output/{config.get('model_name', 'model')}")
    if config.get("stages"):
        stages = {name: stage_of(config, origins, name) for name in config["stages"]}
        config["stages"] = {name: _finished(*stage, schema) for name, stage in stages.items()}
    return config


def require(config: Config, key: str, purpose: str) -> Any:
    """Return the value at ``key`` (``"DATASET.train"``); raise `InputError` when the config has none."""
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        raise InputError(f"the config has no {key}, which {purpose} needs; add it to the YAML file")
    return value


def require_for(config: Config, *purposes: str) -> None:
    """Raise `InputError` when ``config`` lacks a key that a purpose (of `NEEDED`) cannot do without."""
    for purpose in purposes:
        for key in NEEDED[purpose]:
            require(config, key, purpose)
