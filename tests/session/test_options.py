"""The options of a session: one place for names, types and defaults."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest

from paddlevideo.config.loading import load_config
from paddlevideo.session.options import SessionOptions
from paddlevideo.utils.errors import InputError

CONFIGS = Path(__file__).parents[2] / "configs" / "segmentation"


def test_presets_are_what_the_configs_ship() -> None:
    assert SessionOptions.from_config(load_config(CONFIGS / "manet_lite.yaml")) == SessionOptions.lite()
    assert SessionOptions.from_config(load_config(CONFIGS / "manet.yaml")) == SessionOptions.reference()


def test_every_rule_is_off_in_the_reference() -> None:
    options = SessionOptions.reference()
    off = (None, False, 0, "video", "strokes", "corners", "float32", "fp32")
    rules = {each.name for each in fields(options)} - {"max_memory_mib", "undo_depth"}
    assert all(getattr(options, name) in off for name in rules)


def test_overrides_go_before_the_config() -> None:
    config = {"INFERENCE": {"max_leap": 0.2, "search": 0.2}}
    options = SessionOptions.from_config(config, max_leap=0.3, undo_depth=1)
    assert options == SessionOptions(max_leap=0.3, search=0.2, undo_depth=1)
    assert SessionOptions.from_config({}) == SessionOptions()
    with pytest.raises(FrozenInstanceError):
        options.max_leap = 0.1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ({"search": "near"}, "INFERENCE.search: expected a number or null, found 'near'"),
        ({"storage": "float64"}, "INFERENCE.storage is one of float32, float16, not 'float64'"),
        ({"precision": "int8"}, "INFERENCE.precision is one of fp32, bf16"),
        ({"max_leap": float("nan")}, "INFERENCE.max_leap is a share of the short side above 0"),
        ({"max_memory_mib": -1}, "INFERENCE.max_memory_mib is 0 or more, not -1"),
        ({"undo_depth": 0}, "INFERENCE.undo_depth is 1 or more, not 0"),
    ],
)
def test_impossible_values_are_refused_by_name(option: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        SessionOptions(**option)
    assert problem in str(caught.value)
    with pytest.raises(InputError):
        replace(SessionOptions.lite(), **option)


def test_an_unknown_option_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"INFERENCE\.max_leaps: unknown key \(did you mean 'max_leap'\?\)"):
        SessionOptions.from_config({}, max_leaps=0.1)
    with pytest.raises(InputError, match=r"-o INFERENCE\.reech=video: .*did you mean 'reach'"):
        load_config(CONFIGS / "manet_lite.yaml", ["INFERENCE.reech=video"])


def test_a_deprecated_option_is_dropped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    config = load_config(CONFIGS / "manet_lite.yaml", ["INFERENCE.local_memory=nearest"])
    assert SessionOptions.from_config(config) == SessionOptions.lite()
    assert SessionOptions.from_config({}, local_memory="reference") == SessionOptions()
    assert caplog.text.count("INFERENCE.local_memory has no effect") == 2
