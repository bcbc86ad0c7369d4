"""The benchmark runs in its tiny size and gives whole figures; how large they are is nobody's business here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paddle import nn

from tools.bench import operations
from tools.bench.clip import RepeatedClip, disc_label, reference_label
from tools.benchmark import main

PARTS = {"embed", "global", "local", "head", "masks"}


@pytest.fixture(scope="module", autouse=True)
def compiled_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Graphs are compiled once for all measurements, apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def _measure(folder: Path, name: str, *options: str) -> dict[str, Any]:
    files = {"json": folder / "out.json", "picture": folder / "out.png"}
    words = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    assert main([name, "--tiny", *options, *words]) == 0
    assert files["picture"].read_bytes().startswith(b"\x89PNG")
    (result,) = json.loads(files["json"].read_text()).values()
    return result


@pytest.mark.parametrize(
    ("name", "options", "busy"),
    [
        ("embed", ["--repeat", "1"], {"embed"}),
        ("interact", ["--repeat", "1"], {"head", "global", "masks"}),
        ("propagate", ["--repeat", "1"], PARTS),
        ("round", ["--frames", "4", "--plain-frames", "2"], PARTS),
    ],
)
def test_inference_is_measured_by_parts_against_the_plain_one(
    name: str, options: list[str], busy: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = _measure(tmp_path, name, *options)
    assert result["precision"] == "fp32" and result["size"] == [64, 96] and result["weights"] == "random"
    for variant in ("plain", "shipped"):
        parts = result["parts"][variant]
        assert set(parts) == PARTS and all(parts[part] > 0 for part in busy)
        assert 0 < result["seconds"][variant] <= result["all_seconds"][variant]
        assert result["peak_gib"][variant] > 0
    assert result["ratio"] == pytest.approx(result["seconds"]["plain"] / result["seconds"]["shipped"])
    assert all(result["floor"][part] > 0 for part in busy)
    machine = result["machine"]
    assert machine["gflops"] >= machine["usual_gflops"] > 0 and machine["gbytes"] > 0
    if name == "round":
        for variant in ("plain", "shipped"):
            rate = result["frames_per_second"][variant]
            assert rate == pytest.approx(4 / result["round_seconds"][variant])
        assert result["repetitions"] == {"plain": 2, "shipped": 3}
    assert "times the plain one" in capsys.readouterr().out


def test_a_long_clip_is_measured_frame_by_frame(tmp_path: Path) -> None:
    result = _measure(tmp_path, "long", "--frames", "6")
    assert len(result["seconds_by_frame"]) == 5 and result["peak_gib"] > 0
    assert result["ratio"] == pytest.approx(result["seconds"]["end"] / result["seconds"]["early"])


def test_objects_are_measured_against_one(tmp_path: Path) -> None:
    result = _measure(tmp_path, "objects", "--repeat", "1")
    assert set(result["seconds"]) == {"1", "3", "10"} and result["ratio"]["1"] == 1
    assert result["ratio"]["10"] == pytest.approx(result["seconds"]["10"] / result["seconds"]["1"])


def test_throughput_is_measured_by_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = _measure(tmp_path, "throughput", "--videos", "2", "--frames", "3", "--turns", "1")
    assert result["threads"]["1"] >= result["threads"]["2"] >= 1
    for key, ratio in (("videos_an_hour", "ratio"), ("videos_an_hour_with_start", "ratio_with_start")):
        one, two = result[key]["1"], result[key]["2"]
        assert one > 0 and result[ratio] == {"1": 1.0, "2": pytest.approx(two / one)}
    assert result["videos_an_hour"]["1"] > result["videos_an_hour_with_start"]["1"]
    assert "films of 3 frames of 96x64" in capsys.readouterr().out


def test_operations_of_a_network_are_those_of_its_layers() -> None:
    network = nn.Sequential(nn.Conv2D(4, 6, 3, stride=2, padding=1), nn.Conv2D(6, 6, 5, padding=2, groups=6))
    work = operations.network(network, (2, 4, 10, 16))
    outputs = 2 * 6 * 5 * 8
    assert work.operations == 2 * outputs * (4 * 9 + 25)
    assert work.bytes == 4 * (2 * 4 * 10 * 16 + outputs + 6 * 4 * 9 + 6 + 6 * 25 + 6)
    assert work.floor({"gflops": 1.0, "gbytes": 1e9}) == pytest.approx(work.operations / 1e9)
    assert work.floor({"gflops": 1e9, "gbytes": 1.0}) == pytest.approx(work.bytes / 1e9)
    assert operations.global_matching((3, 4, 5), 7, 2).operations == 2 * 20 * 7 * 3
    assert operations.local_matching((3, 4, 6), 2, 2).operations == 25 * 3 * 3 * 6


def test_the_clip_repeats_a_short_one_with_small_moves_and_labels_are_known() -> None:
    clip = RepeatedClip(60, (64, 96))
    assert len(clip) == 60 and clip[59].shape == (64, 96, 3)
    assert (clip[30] == clip[30]).all() and not (clip[30] == clip[17]).all()
    label = disc_label((120, 214), 10)
    assert set(label.flat) == set(range(11))
    reference = reference_label((120, 214), 1)
    assert 0.37 < (reference >= 0).mean() < 0.39 and set(reference.flat) == {-1, 0, 1}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--weights", "nowhere.pdparams"], "say which with --config"),
        (["--weights", "nowhere.pdparams", "--config", "manet"], "no such file"),
        (["--size", "8", "8"], "64 or more"),
        (["--videos", "1"], "from 1 to the number of --videos, 1"),
        (["--turns", "0"], "must be 1 or more"),
    ],
)
def test_bad_input_is_one_line(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = "throughput" if {*options} & {"--videos", "--turns"} else "embed"
    assert main([command, *options]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_train_measures_every_part_of_both_variants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"json": tmp_path / "train.json", "picture": tmp_path / "train.png"}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    assert main(["train", "--tiny", "--steps", "1", *options]) == 0
    (result,) = json.loads(files["json"].read_text()).values()
    for variant in ("eager", "shipped"):
        parts = result["seconds"][variant]
        assert set(parts) == {"data", "forward", "backward", "update"} and all(value > 0 for value in parts.values())
        assert result["samples_per_second"][variant] == pytest.approx(2 / sum(parts.values()))
    assert result["ratio"] > 0 and 0 < result["data_share"] < 1
    assert result["floor"] == pytest.approx(result["gigaoperations"] / result["gflops"]) and result["floor"] > 0
    assert files["picture"].read_bytes().startswith(b"\x89PNG")
    assert "samples/s" in capsys.readouterr().out
