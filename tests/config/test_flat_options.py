"""Arguments that are dataclasses, whose fields stand in a config beside the other arguments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paddlevideo.config.loading import load_config
from paddlevideo.config.reference import Text, tables
from paddlevideo.config.schema import Part, Section
from paddlevideo.utils.errors import InputError
from paddlevideo.utils.registry import Registry

SHOPS = Registry("shop")


@dataclass(frozen=True)
class Stock:
    """What is there.

    Args:
        apples: how many.
        pears: how many, too.
    """

    apples: int
    pears: int = 3


@SHOPS.register
class Shop:
    """A shop.

    Args:
        stock: what is there.
        open: whether one can buy.
        till: supplied by the program.
    """

    _flat = ("stock",)
    _built = ("till",)

    def __init__(self, stock: Stock, open: bool = True, *, till: Any) -> None:
        self.stock = stock
        self.open = open


SCHEMA = Section({"shop": Part(SHOPS), "seed": int})


def test_flat_keys_build_the_options_with_their_own_defaults(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("shop: {name: Shop, apples: 5, open: false}\n")
    config = load_config(tmp_path / "a.yaml", [], SCHEMA)["shop"]
    shop = SHOPS.build(config, till=None)
    assert shop.stock == Stock(5, 3) and shop.open is False
    assert config == {"name": "Shop", "apples": 5, "open": False}  # it is left as it was


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            "apples: 1, pear: 2",
            r"shop.pear: unknown key \(did you mean 'pears'\?\); there are: apples, name, open, pears",
        ),
        ("apples: many", "shop.apples: expected a whole number, found 'many'"),
        ("pears: 1", "shop: the key 'apples' is missing"),
        ("apples: 1, stock: {pears: 1}", "shop.stock: unknown key"),
    ],
)
def test_flat_keys_are_checked_as_all_are(tmp_path: Path, keys: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(f"shop: {{name: Shop, {keys}}}\n")
    with pytest.raises(InputError, match=message):
        load_config(tmp_path / "a.yaml", [], SCHEMA)


def test_the_reference_describes_them_by_the_options_docstring() -> None:
    rows = {row.key: row for table in tables(SCHEMA) if table.title == "Shop" for row in table.rows}
    assert list(rows) == ["apples", "pears", "open"]
    assert rows["apples"].required and rows["apples"].meaning == Text("Stock.apples", "how many.")
    assert rows["pears"].default == "3" and rows["pears"].meaning == Text("Stock.pears", "how many, too.")
    assert rows["open"].meaning == Text("Shop.open", "whether one can buy.")
