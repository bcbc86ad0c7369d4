"""Stages of a training, written in one config: what each changes of the rest of it."""

from __future__ import annotations

from pathlib import PurePosixPath

from ..utils.errors import InputError
from .yaml_file import Config, Origins, merge

_SHARED = ("stages", "model_name", "output_dir", "_base_")


def stage_of(config: Config, origins: Origins, name: str) -> tuple[Config, Origins]:
    """Return stage ``name`` as a config of its own, with a folder of its own below ``output_dir``, and its origins.

    Raises `InputError` for a change of what all stages share.
    """
    above = ("stages", name)
    here = {keys[2:]: origin for keys, origin in origins.items() if keys[:2] == above and len(keys) > 2}
    changes = config["stages"][name]
    shared = {"model_name": config.get("model_name"), "output_dir": str(PurePosixPath(config["output_dir"]) / name)}
    for key in _SHARED:
        if key in changes and changes[key] != shared.get(key):  # the record of a run has what it would be anyway
            raise InputError(f"{here[(key,)]}: stages.{name}.{key}: is one for all stages; remove it here")
    whole = merge({key: value for key, value in config.items() if key != "stages"}, changes)
    return {**whole, "output_dir": shared["output_dir"]}, {**origins, **here}
