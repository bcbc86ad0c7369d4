"""The card of the shipped weights is that of their file; the page of results says the same, and means are means."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CARD = ROOT / "data/weights/manet_lite.md"
PAGES = [ROOT / f"docs/{language}/results.md" for language in ("en", "zh-CN")]
_ROW = re.compile(r"^\| ([\w*-]+) \|.*?((?: \*{0,2}0\.\d{3}\*{0,2} \|){6})$", re.MULTILINE)
_NUMBER = re.compile(r"0\.\d{3}")


def _rows(page: Path) -> dict[str, list[float]]:
    """J1, J3, J8, F1, F3, F8 by sequence."""
    found = _ROW.findall(page.read_text(encoding="utf-8"))
    return {name.strip("*"): [float(number) for number in _NUMBER.findall(numbers)] for name, numbers in found}


def test_the_card_is_of_the_file_beside_it() -> None:
    file = CARD.with_suffix(".pdparams").read_bytes()
    text = CARD.read_text(encoding="utf-8")
    assert hashlib.sha256(file).hexdigest() in text and f"{len(file) / 1e6:.1f} MB" in text


def test_the_last_row_is_the_mean_of_the_others() -> None:
    rows = _rows(CARD)
    mean = rows.pop("mean")
    assert len(rows) == 10
    for number, column in zip(mean, zip(*rows.values(), strict=True), strict=True):
        assert number == pytest.approx(sum(column) / len(column), abs=0.0011)  # of rounding


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_results_has_the_rows_of_the_card(page: Path) -> None:
    rows = _rows(CARD)
    del rows["mean"]
    assert _rows(page) == rows
