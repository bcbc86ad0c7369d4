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
