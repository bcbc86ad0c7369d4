"""Reading, merging, overriding and checking a config, with toy parts in place of the project's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from paddlevideo.config.annotations import fits
from paddlevideo.config.loading import load_config, require, require_for
from paddlevideo.config.schema import Arguments, Part, Section, Steps
from paddlevideo.config.yaml_file import read_config
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.registry import Registry

MODELS, STEPS = Registry("model"), Registry("step")


@MODELS.register
class Small:
    _built = ("in_channels",)

    def __init__(self, in_channels: int, width: int = 8, rate: float = 0.1, inner: object = None) -> None: ...


@MODELS.register
class Large:
    def __init__(self, depth: int, grid: Sequence[int] = (), mode: Literal["a", "b"] = "a") -> None: ...


@STEPS.register
class Flip:
    def __init__(self, prob: float = 0.5) -> None: ...


class Input:
    def __init__(self, size: int | list[int] | None = None, color: str = "rgb") -> None: ...


SCHEMA = Section(
    {
        "MODEL": Part(MODELS, {"inner": Part(MODELS)}),
        "INPUT": Arguments(Input),
        "steps": Steps(STEPS),
        "model_name": str,
        "seed": int,
    },
    required=frozenset({"MODEL"}),
)


def write(folder: Path, text: str, name: str = "cfg.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def load(folder: Path, text: str, *overrides: str) -> dict[str, Any]:
    return load_config(write(folder, text), overrides, SCHEMA)


def message(folder: Path, text: str, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        load(folder, text, *overrides)
    line = str(caught.value)
    assert "\n" not in line
    return line.replace(f"{folder}/", "")


def test_defaults_are_filled(tmp_path: Path) -> None:
    config = load(tmp_path, "MODEL: {name: Small}\nmodel_name: tiny\n")
    assert config["MODEL"] == {"name": "Small"}
    assert (config["seed"], config["output_dir"]) == (1234, "output/tiny")
    assert type(config) is dict


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-3", 1e-3), ("1E5", 1e5), ("-2e+2", -200.0), ("1.5e-3", 1.5e-3), ("1.e2", 100.0), ("3", 3), ("0.5", 0.5)],
)
def test_numbers(tmp_path: Path, text: str, number: float) -> None:
    rate = load(tmp_path, f"MODEL: {{name: Small, rate: {text}}}")["MODEL"]["rate"]
    assert rate == number and type(rate) is type(number)


def test_words_that_look_like_numbers_stay_words(tmp_path: Path) -> None:
    for word in ("1e", "e5", "1e-3x", "'1e-3'"):
        assert load(tmp_path, f"MODEL: {{name: Small}}\nmodel_name: {word}")["model_name"] == word.strip("'")


def test_base_is_merged_deeply_and_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path, "MODEL: {name: Small, width: 4, rate: 0.3}\nsteps: [Flip: {}, Flip: {}]\nseed: 1\n", "a.yaml")
    write(tmp_path / "sub", "_base_: ../a.yaml\nMODEL: {rate: 0.2}\nseed: 2\n", "b.yaml")
    config = load(tmp_path, "_base_: [a.yaml, sub/b.yaml]\nMODEL: {width: 5}\nsteps: [Flip: {prob: 1}]\n")
    assert config["MODEL"] == {"name": "Small", "width": 5, "rate": 0.2}
    assert config["steps"] == [{"Flip": {"prob": 1}}]
    assert config["seed"] == 2


def test_another_part_replaces_the_bases(tmp_path: Path) -> None:
    write(tmp_path, "MODEL: {name: Small, width: 4}\n", "a.yaml")
    assert load(tmp_path, "_base_: a.yaml\nMODEL: {name: Large, depth: 2}")["MODEL"] == {"name": "Large", "depth": 2}


def test_an_error_in_a_base_names_the_base(tmp_path: Path) -> None:
    write(tmp_path, "seed: 1\nMODEL:\n  name: Small\n  widht: 4\n", "a.yaml")
    assert message(tmp_path, "_base_: a.yaml\nseed: 3\n").startswith("a.yaml:4: MODEL.widht: unknown key")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MODEL:\n  nmae: Small\n", "cfg.yaml:2: MODEL.nmae: unknown key (did you mean 'name'?)"),
        ("MODEL:\n  width: 3\n", "cfg.yaml:1: MODEL: the key 'name' is missing; it names the model: Large, Small"),
        ("MODEL:\n  name: Smal\n", "cfg.yaml:2: MODEL.name: no model is called 'Smal' (did you mean 'Small'?)"),
        ("MODEL:\n  name: [Small]\n", "cfg.yaml:2: MODEL.name: no model is called"),
        ("MODEL:\n  name: Small\n  width: 2.5\n", "cfg.yaml:3: MODEL.width: expected a whole number, found 2.5"),
        ("MODEL:\n  name: Small\n  width: true\n", "cfg.yaml:3: MODEL.width: expected a whole number, found True"),
        ("MODEL:\n  name: Small\n  in_channels: 3\n", "cfg.yaml:3: MODEL.in_channels: unknown key"),
        ("MODEL:\n  name: Large\n", "cfg.yaml:1: MODEL: the key 'depth' is missing"),
        ("MODEL:\n  name: Large\n  depth: 1\n  mode: c\n", "cfg.yaml:4: MODEL.mode: expected 'a' or 'b', found 'c'"),
        ("MODEL:\n  name: Large\n  depth: 1\n  grid: [1, x]\n", "MODEL.grid: expected a list of a whole number"),
        (
            "MODEL:\n  name: Small\n  inner:\n    name: Large\n    dept: 1\n",
            "cfg.yaml:5: MODEL.inner.dept: unknown key",
        ),
        (
            "MODEL: {name: Small}\nINPUT: {size: big}\n",
            "INPUT.size: expected a whole number or a list of a whole number",
        ),
        ("MODEL: {name: Small}\nsteps: {Flip: {}}\n", "cfg.yaml:2: steps: expected a list of {Name: {arguments}}"),
        ("MODEL: {name: Small}\nsteps:\n- Flop:\n", "cfg.yaml:3: steps.0.Flop: no step is called 'Flop'"),
        ("MODEL: {name: Small}\nsteps:\n- Flip: {p: 1}\n", "cfg.yaml:3: steps.0.Flip.p: unknown key"),
        ("MODEL: {name: Small}\nsteps:\n- Flip: {}\n  prob: 1\n", "cfg.yaml:3: steps.0: a step is written"),
        ("MODEL:\n", "cfg.yaml:1: MODEL: expected a mapping (KEY: VALUE lines), found null"),
        ("seed: 1\n", "cfg.yaml:1: the key 'MODEL' is missing"),
        ("MODEL: {name: Small}\nsead: 1\n", "cfg.yaml:2: sead: unknown key (did you mean 'seed'?)"),
        ("seed: 1\nMODEL: {name: Small}\nseed: 2\n", "cfg.yaml:3: seed: this key stands there twice"),
        ("MODEL: {name: Small\nseed: 1\n", "cfg.yaml:2: YAML:"),
        ("MODEL: !!python/name:os.system\n", "cfg.yaml:1: YAML: could not determine a constructor"),
        ("MODEL: &a [*a]\n", "levels deep"),
        ("model_name: 2020-99-99\n", "cfg.yaml:1: month must be in 1..12"),
        ("a\x00b: 1\n", "cfg.yaml: YAML: a character that YAML does not allow"),
        ("- MODEL\n", "cfg.yaml: the file should hold a mapping"),
        ("", "cfg.yaml: the file should hold a mapping"),
        ("_base_: none.yaml\n", "cfg.yaml:1: _base_: there is no file none.yaml"),
        ("_base_: cfg.yaml\n", "cfg.yaml: _base_ leads back to this file"),
        ("_base_: 3\n", "cfg.yaml:1: _base_ should be a path or a list of paths"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in message(tmp_path, text)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InputError, match="cannot read the config file"):
            load_config(path, [], SCHEMA)
    (tmp_path / "latin.yaml").write_bytes(b"model_name: caf\xe9\n")
    with pytest.raises(InputError, match="not UTF-8 text"):
        load_config(tmp_path / "latin.yaml", [], SCHEMA)


def test_overrides(tmp_path: Path) -> None:
    text = "MODEL: {name: Small}\nsteps: [Flip: {prob: 0.1}, Flip: {prob: 0.2}]\n"
    config = load(
        tmp_path,
        text,
        "MODEL.rate=1e-3",
        "steps.1.Flip.prob=0.9",
        "INPUT.size=[480, 854]",
        "model_name='x=1=2'",
        "MODEL.inner={name: Large, depth: 3}",
        "MODEL.inner.depth=4",
    )
    assert config["MODEL"] == {"name": "Small", "rate": 1e-3, "inner": {"name": "Large", "depth": 4}}
    assert config["steps"] == [{"Flip": {"prob": 0.1}}, {"Flip": {"prob": 0.9}}]
    assert config["INPUT"] == {"size": [480, 854]}
    assert config["model_name"] == "x=1=2"


def test_a_value_is_data_and_never_code(tmp_path: Path) -> None:
    value = "__import__('os').getcwd()"
    assert load(tmp_path, "MODEL: {name: Small}", f"model_name={value}")["model_name"] == value


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("MODEL.widht=3", "-o MODEL.widht=3: MODEL.widht: unknown key (did you mean 'width'?)"),
        ("MODEL.inner={nmae: Large}", "-o MODEL.inner={nmae: Large}: MODEL.inner.nmae: unknown key"),
        ("MODEL.width=x", "-o MODEL.width=x: MODEL.width: expected a whole number, found 'x'"),
        ("MODEL.width", "-o MODEL.width: an override is written KEY.SUB=VALUE"),
        ("MODEL..width=1", "an override is written KEY.SUB=VALUE"),
        ("=1", "an override is written KEY.SUB=VALUE"),
        ("steps.2.Flip.prob=1", "steps is a list of 1: use an index 0 to 0"),
        ("steps.x=1", "steps is a list of 1: use an index 0 to 0"),
        ("seed.x=1", "seed is 5, it holds no 'x'"),
        ("model_name=[1", "-o model_name=[1: YAML:"),
    ],
)
def test_a_wrong_override_is_named(tmp_path: Path, override: str, expected: str) -> None:
    text = "MODEL:\n  name: Small\n  inner:\n    name: Small\nseed: 5\nsteps:\n- Flip: {}\n"
    assert expected in message(tmp_path, text, override)


def test_merge_keys_and_anchors(tmp_path: Path) -> None:
    path = write(tmp_path, "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n")
    assert read_config(path)[0] == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


def test_require() -> None:
    config = {"DATASET": {"train": {"format": "X"}, "batch_size": 2}, "OPTIMIZER": {"name": "SGD"}, "epochs": 1}
    assert require(config, "DATASET.train.format", "training") == "X"
    require_for(config, "train", "infer")
    with pytest.raises(InputError, match=r"no DATASET\.valid, which --validate needs"):
        require_for(config, "train", "--validate")


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (1, float, True),
        (True, float, False),
        (1.0, int, False),
        ("x", Path, True),
        (None, int | None, True),
        ([1, 2.0], tuple[float, float], True),
        ([1, 2, 3], tuple[float, float], False),
        ([1, 2, 3], tuple[float, ...], True),
        ("abc", Sequence[str], False),
        ({"a": 1}, Mapping[str, float], True),
        ({"a": "b"}, Mapping[str, float], False),
        (1, Literal[1, 2], True),
        (True, Literal[1, 2], False),
        ({"a": 1}, Any, True),
        ("x", Registry, False),
    ],
)
def test_fits(value: Any, annotation: Any, expected: bool) -> None:
    assert fits(value, annotation) is expected


def test_another_class_by_override_drops_the_arguments_of_the_first() -> None:
    path = Path(__file__).parents[2] / "configs" / "segmentation" / "manet_lite.yaml"
    assert load_config(path)["METRIC"]["name"] == "DavisJudge"
    config = load_config(path, ["METRIC.name=RoundMetric", "METRIC.rounds=1"])
    assert config["METRIC"] == {"name": "RoundMetric", "rounds": 1}
    same = load_config(path, ["METRIC.name=DavisJudge"])
    assert same["METRIC"] == load_config(path)["METRIC"]
    with pytest.raises(InputError, match="METRIC.save_masks: unknown key"):
        load_config(path, ["METRIC.name=RoundMetric", "METRIC.save_masks=true"])


@pytest.mark.parametrize("key", ["log_interval", "save_interval", "val_interval", "keep_checkpoints"])
def test_intervals_and_kept_checkpoints_are_one_or_more(tmp_path: Path, key: str) -> None:
    path = Path(__file__).parents[2] / "configs" / "segmentation" / "manet_lite.yaml"
    assert load_config(path, [f"{key}=1"])[key] == 1
    with pytest.raises(InputError, match=f"^-o {key}=0: {key}: expected 1 or more, found 0$"):
        load_config(path, [f"{key}=0"])
    text = f"_base_: {path}\nseed: 1\n{key}: -5\n"
    with pytest.raises(InputError, match=f"cfg.yaml:3: {key}: expected 1 or more, found -5$"):
        load_config(write(tmp_path, text))
