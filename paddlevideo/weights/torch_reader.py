"""Torch checkpoints without torch: both file formats, tensors and plain containers only.

The zip format (torch 1.6 and later) holds ``NAME/data.pkl`` and one file a storage; the legacy format is a row of
pickles followed by the raw storages. In both a tensor is a view (offset, sizes, strides) of a storage.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import InputError
from .safe_pickle import SafeUnpickler, broken, open_file

ZIP_START = b"PK\x03\x04"
LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."

_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
_TYPES = (*_STORAGES.values(), "uint16", "uint32", "uint64")
_LARGEST_EXPANSION = 1 << 24  # elements that a tensor with strides of 0 may have beyond its storage


def read_torch(path: str | Path) -> Any:
    """Return what ``torch.save`` wrote to ``path``: nested dicts and lists with a read-only array for each tensor.

    bfloat16 becomes float32. Raises `InputError` when the file is missing, broken, cut short, of neither format, or
    asks for anything but tensors and plain containers.
    """
    with open_file(path) as stream:
        start = stream.read(len(LEGACY_START))
        stream.seek(0)
        if start.startswith(ZIP_START):
            return _read_zip(stream, str(path))
        if start == LEGACY_START:
            return _read_legacy(stream, str(path))
    raise InputError(f"{path}: not a torch file; give a state dict that torch.save wrote")


@dataclass
class _Storage:
    """One block of memory; ``values`` is filled in when the file has come that far."""

    type: str
    values: np.ndarray | None = None

    def fill(self, raw: bytes, big_endian: bool = False) -> None:
        bfloat16 = self.type == "bfloat16"
        dtype = np.dtype("uint16" if bfloat16 else self.type)
        values = np.frombuffer(raw, dtype.newbyteorder(">") if big_endian else dtype).astype(dtype, copy=False)
        self.values = widen_bfloat16(values) if bfloat16 else values
        self.values.flags.writeable = False


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    type: str | None = None

    def array(self) -> np.ndarray:
        """Return the view as an array; raise `ValueError` when it reaches outside its storage."""
        values = self.storage.values
        if values is None:
            raise ValueError("a tensor without data")
        if self.type is not None and self.type != str(values.dtype):
            values = widen_bfloat16(values.view("uint16")) if self.type == "bfloat16" else values.view(self.type)
        numbers = (self.offset, *self.sizes, *self.strides)
        if any(type(number) is not int or number < 0 for number in numbers) or len(self.sizes) != len(self.strides):
            raise ValueError("a tensor of impossible shape")
        count = math.prod(self.sizes)
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.sizes, self.strides, strict=True))
        if count and (last >= values.size or count > max(values.size, _LARGEST_EXPANSION)):
            raise ValueError("a tensor larger than its data")
        if not count:
            return np.zeros(self.sizes, values.dtype)
        steps = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.sizes, steps, writeable=False)


def widen_bfloat16(values: np.ndarray) -> np.ndarray:
    """Return bfloat16 numbers, held as uint16, as the same float32 numbers."""
    return (values.astype(np.uint32) << 16).view(np.float32)


class _TorchUnpickler(SafeUnpickler):
    """Reads the pickle of a checkpoint; ``find_storage(key, type, size)`` gives a storage by its key."""

    def __init__(self, stream: Any, source: str, find_storage: Callable[[str, str, int], _Storage]) -> None:
        super().__init__(stream, source)
        self.find_storage = find_storage

    def _names(self) -> dict[str, Any]:
        names = super()._names()
        for module in ("torch", "torch.cuda"):
            names |= {f"{module}.{name}": kind for name, kind in _STORAGES.items()}
        names |= {f"torch.{kind}": kind for kind in _TYPES}
        names["torch.storage.UntypedStorage"] = "uint8"
        names["torch.Size"] = tuple
        names["torch._utils._rebuild_tensor"] = self._tensor
        names["torch._utils._rebuild_tensor_v2"] = self._tensor
        names["torch._utils._rebuild_tensor_v3"] = self._typed_tensor
        names["torch._utils._rebuild_parameter"] = self._parameter
        return names

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage_type, key, _, size, *view = pid
        if kind != "storage" or storage_type not in _TYPES or (view and view[0] is not None):
            raise InputError(f"{self.source}: refused: it holds a torch {kind} that is not a plain storage")
        return self.find_storage(str(key), storage_type, size)

    def _convert(self, thing: Any) -> Any:
        return thing.array() if isinstance(thing, _Tensor) else super()._convert(thing)

    @staticmethod
    def _tensor(storage: _Storage, offset: int, sizes: Any, strides: Any, *_: Any) -> _Tensor:
        return _Tensor(storage, offset, tuple(sizes), tuple(strides))

    @staticmethod
    def _typed_tensor(
        storage: _Storage, offset: int, sizes: Any, strides: Any, grad: bool, hooks: Any, kind: str, *_: Any
    ) -> _Tensor:
        return _Tensor(storage, offset, tuple(sizes), tuple(strides), kind)

    @staticmethod
    def _parameter(data: Any, *_: Any) -> Any:
        return data


def _read_zip(stream: io.BufferedReader, source: str) -> Any:
    try:
        with zipfile.ZipFile(stream) as archive:
            return _read_archive(archive, source)
    except InputError:
        raise
    except Exception as error:  # a broken archive raises nearly anything
        raise broken(source, error) from error


def _read_archive(archive: zipfile.ZipFile, source: str) -> Any:
    pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise InputError(f"{source}: a zip archive but not a torch file; give a state dict that torch.save wrote")
    folder = pickles[0].removesuffix("data.pkl")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
        raise InputError(f"{source}: its entries are compressed, which torch never does; take the original file")
    big_endian = folder + "byteorder" in archive.namelist() and archive.read(folder + "byteorder") == b"big"
    storages: dict[str, _Storage] = {}

    def find_storage(key: str, kind: str, size: int) -> _Storage:
        if key not in storages:
            storages[key] = _Storage(kind)
            storages[key].fill(archive.read(f"{folder}data/{key}"), big_endian)
        return storages[key]

    return _TorchUnpickler(io.BytesIO(archive.read(pickles[0])), source, find_storage).read()


def _read_legacy(stream: io.BufferedReader, source: str) -> Any:
    storages: dict[str, _Storage] = {}

    def find_storage(key: str, kind: str, size: int) -> _Storage:
        return storages.setdefault(key, _Storage(kind))

    def unpickler() -> _TorchUnpickler:
        return _TorchUnpickler(stream, source, find_storage)

    try:
        unpickler().read()  # the magic number
        unpickler().read()  # the protocol's version
        system = unpickler().read()
        contents = unpickler()
        packed = contents.load()
        for key in unpickler().read():
            storage = storages[key]
            width = 2 if storage.type == "bfloat16" else np.dtype(storage.type).itemsize
            size = width * int.from_bytes(_read_exactly(stream, 8), "little")
            storage.fill(_read_exactly(stream, size), not system["little_endian"])
        return contents.plain(packed)
    except InputError:
        raise
    except Exception as error:  # a broken pickle raises nearly anything
        raise broken(source, error) from error


def _read_exactly(stream: io.BufferedReader, size: int) -> bytes:
    raw = stream.read(size)
    if len(raw) != size:
        raise ValueError(f"{size - len(raw)} bytes are missing")
    return raw
