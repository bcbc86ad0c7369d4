"""Writes the files of this folder; needs torch (2.13 made those here), unlike everything else.

python tests/data/torch/make_fixtures.py
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    tensors = OrderedDict(
        float32=base,
        transposed=base.t(),
        strided=base[1:, ::2],
        expanded=torch.tensor([2.5]).expand(3),
        parameter=torch.nn.Parameter(torch.tensor([1.0, -1.0])),
        float16=torch.tensor([0.5, -2.0]).half(),
        bfloat16=torch.tensor([[1.5], [-3.0]]).bfloat16(),
        int64=torch.tensor([1, -(2**40)]),
        scalar=torch.tensor(7),
        boolean=torch.tensor([True, False]),
        empty=torch.zeros(0, 3),
    )
    checkpoint = {"state_dict": tensors, "epoch": 3, "notes": [1.5, None, "text", (1, True)]}
    network = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 1), torch.nn.BatchNorm2d(3)).state_dict()
    generator = torch.Generator().manual_seed(5)
    for value in network.values():
        if value.dtype == torch.float32:
            value.copy_(torch.rand(value.shape, generator=generator))
    for name, contents in (("checkpoint", checkpoint), ("network", network)):
        torch.save(contents, FOLDER / f"{name}_zip.pth")
        torch.save(contents, FOLDER / f"{name}_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"sizes": torch.tensor([3, 4], dtype=torch.uint16)}, FOLDER / "untyped_zip.pth")
    torch.save(torch.nn.Conv2d(1, 1, 1), FOLDER / "module_zip.pth")


if __name__ == "__main__":
    main()
