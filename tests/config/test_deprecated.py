"""Keys of old configs that no longer do anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddlevideo.config import deprecated
from paddlevideo.config.loading import load_config
from paddlevideo.config.schema import Section
from paddlevideo.utils.errors import InputError

SCHEMA = Section({"A": Section({"b": int, "c": Section({"d": int})}), "seed": int})


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deprecated, "DEPRECATED", {"A.old": "it was red", "A.c.gone": "it was blue", "top": "it was"})


def test_a_deprecated_key_is_dropped_with_one_line_that_says_where_and_what(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "old.yaml"
    path.write_text("A:\n  b: 1\n  old: [1, 2]\n  c: {d: 2}\n")
    config = load_config(path, ["A.c.gone=5"], SCHEMA)
    assert config["A"] == {"b": 1, "c": {"d": 2}}
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}:3: A.old has no effect: it was red; remove the key",
        "-o A.c.gone=5: A.c.gone has no effect: it was blue; remove the key",
    ]


def test_other_keys_are_still_refused_and_nothing_is_said_without_need(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "new.yaml"
    path.write_text("A:\n  gone: 1\n")
    with pytest.raises(InputError, match=r"new.yaml:2: A.gone: unknown key"):
        load_config(path, [], SCHEMA)
    path.write_text("A: 3\n")  # not even a section
    with pytest.raises(InputError, match="expected a mapping"):
        load_config(path, [], SCHEMA)
    assert not caplog.records


def test_a_key_with_the_value_that_counts_now_is_dropped_and_another_value_is_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deprecated, "FIXED", {"A.c.share": (0.5, "half of them are red")})
    path = tmp_path / "old.yaml"
    path.write_text("A:\n  c:\n    d: 2\n    share: 0.5\n")
    assert load_config(path, [], SCHEMA)["A"] == {"c": {"d": 2}}
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}:4: A.c.share is gone: 0.5 always counts now: half of them are red; remove the key"
    ]
    with pytest.raises(InputError, match=r"-o A.c.share=0.6: A.c.share: the key is gone, 0.5 always counts now: half"):
        load_config(path, ["A.c.share=0.6"], SCHEMA)


def test_a_value_that_is_gone_is_an_error_that_says_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deprecated, "REMOVED_VALUES", {"seed": {"dice": "write a number"}})
    path = tmp_path / "old.yaml"
    path.write_text("seed: dice\n")
    with pytest.raises(InputError, match=r"old.yaml:1: seed: 'dice' is gone; write a number"):
        load_config(path, [], SCHEMA)
    path.write_text("seed: [1]\n")
    with pytest.raises(InputError, match="seed: expected a whole number"):
        load_config(path, [], SCHEMA)
