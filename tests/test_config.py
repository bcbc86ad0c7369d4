"""The project's own config files are held against the real registries, and so is every registered class."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlevideo.config.deprecated import FIXED, REMOVED_VALUES
from paddlevideo.config.loading import load_config
from paddlevideo.config.schema import import_parts, rules_of
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.registry import (
    BACKBONES,
    DATASETS,
    ENCODERS,
    FRAMEWORKS,
    HEADS,
    LOSSES,
    METRICS,
    OPTIMIZERS,
    SCHEDULES,
    TRANSFORMS,
)

CONFIGS = sorted((Path(__file__).resolve().parents[1] / "configs").rglob("*.yaml"))
REGISTRIES = [BACKBONES, DATASETS, ENCODERS, FRAMEWORKS, HEADS, LOSSES, METRICS, OPTIMIZERS, SCHEDULES, TRANSFORMS]
MANET = Path(__file__).resolve().parents[1] / "configs" / "segmentation" / "manet.yaml"
LITE = MANET.with_name("manet_lite.yaml")


@pytest.mark.parametrize("path", [path for path in CONFIGS if "base" not in path.stem], ids=lambda path: path.stem)
def test_shipped_config_is_valid(path: Path) -> None:
    config = load_config(path)
    assert config["model_name"]
    assert config["output_dir"]


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.family)
def test_every_registered_class_has_typed_arguments(registry) -> None:
    import_parts()
    assert registry.names()
    for name in registry.names():
        annotations, required = rules_of(registry.get(name))
        assert required <= annotations.keys()
        assert not {"args", "kwargs"} & annotations.keys()


def test_manet_is_the_references_stage_1() -> None:
    config = load_config(MANET)
    assert config["OPTIMIZER"]["learning_rate"]["base"] == 7e-4
    assert config["OPTIMIZER"]["grad_clip"] == 5.0
    assert config["PIPELINE"]["input"]["color"] == "bgr"
    assert config["MODEL"]["loss"] == {"name": "TopKCrossEntropy", "fraction": 0.15, "ramp_steps": 50000}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("MODEL.backbone.encoder.depht=50", "MODEL.backbone.encoder.depht: unknown key (did you mean 'depth'?)"),
        ("MODEL.backbone.encoder.depth=fifty", "MODEL.backbone.encoder.depth: expected a whole number, found 'fifty'"),
        ("MODEL.backbone.encoder.name=ResNest", "no encoder is called 'ResNest' (did you mean 'ResNet'?)"),
        ("MODEL.matching.windows=3", "MODEL.matching.windows: unknown key (did you mean 'window'?)"),
        ("PIPELINE.input.colour=rgb", "PIPELINE.input.colour: unknown key (did you mean 'color'?)"),
        ("OPTIMIZER.learning_rate.name=Polynomial", "no learning rate schedule is called 'Polynomial'"),
        ("PIPELINE.train.transform.0={RandomFlop: {}}", "no transform is called 'RandomFlop'"),
        ("epoch=3", "epoch: unknown key (did you mean 'epochs'?)"),
    ],
)
def test_a_wrong_override_of_a_shipped_config_is_named(override: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_config(MANET, [override])
    assert f"-o {override}: " in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reference_reaches_every_part_that_knows_it_and_spares_what_says_no() -> None:
    path = Path(__file__).parents[1] / "configs" / "segmentation" / "manet.yaml"
    config = load_config(path, ["reference=true", "OPTIMIZER.reference=false"])
    assert config["MODEL"]["reference"] and config["DATASET"]["train"]["reference"]
    assert config["OPTIMIZER"]["reference"] is False
    steps = {name: arguments for step in config["PIPELINE"]["train"]["transform"] for name, arguments in step.items()}
    assert steps["RandomCrop"]["reference"] and "reference" not in steps["Resize"]
    assert "reference" not in config["MODEL"]["loss"] and "reference" not in config["DATASET"]["test"]
    assert "reference" not in load_config(path)["MODEL"]


def test_stage_2_has_the_papers_figures() -> None:
    config = load_config(next(path for path in CONFIGS if path.stem == "manet_stage2"))
    rule = config["OPTIMIZER"]
    assert (rule["name"], rule["nesterov"], rule["grad_clip"], rule["momentum"]) == ("SGD", False, None, 0.9)
    assert (rule["learning_rate"]["base"], rule["learning_rate"]["total_steps"]) == (7e-4, 101001)
    data = config["DATASET"]
    assert (data["batch_size"], data["train"]["rounds"], data["train"]["epochs_per_round"]) == (2, 3, 30)
    assert config["MODEL"]["train_heads"] == "interaction" and data["train"]["robot"] == "davis"
    assert config["epochs"] * 30 <= 101001


@pytest.mark.parametrize("path", sorted(FIXED))
def test_an_old_key_with_the_value_that_counts_now_changes_nothing(path: str, caplog: pytest.LogCaptureFixture) -> None:
    config = load_config(LITE)
    names = [name for step in config["PIPELINE"]["train"]["transform"] for name in step]
    *_, owner, key = path.split(".")
    concrete = path.replace("*", str(names.index(owner))) if "*" in path else path
    value = FIXED[path][0]
    assert load_config(LITE, [f"{concrete}={'null' if value is None else value}"]) == config
    assert [f"{concrete} is gone" in record.getMessage() for record in caplog.records] == [True]
    with pytest.raises(InputError, match=f"-o .*{key}: the key is gone"):
        load_config(LITE, [f"{concrete}=0.77"])


@pytest.mark.parametrize(
    "override",
    [f"{path}={value}" for path, values in REMOVED_VALUES.items() for value in values],
)
def test_an_old_value_that_is_gone_is_an_error_that_says_what_to_write(override: str) -> None:
    with pytest.raises(InputError, match=f"-o {override}: .* is gone; write"):
        load_config(LITE, [override])
