"""Pickles from strangers: arrays and plain containers are read, anything else is refused by name.

A pickle is a program; the plain `pickle.load` of a hostile weights file runs whatever it says. `SafeUnpickler` answers
every name a file asks for from a short table of its own stand-ins, so that nothing of Python is within its reach.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import InputError

_DTYPES = {f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)} | {"b1", "f2", "f4", "f8", "c8", "c16"}


def read_pickle(path: str | Path) -> Any:
    """Return what the pickle ``path`` holds (NumPy or Paddle wrote it), tensors as read-only arrays.

    Raises `InputError` when the file is missing, broken or asks for anything but arrays and plain containers.
    """
    with open_file(path) as stream:
        return SafeUnpickler(stream, str(path)).read()


def open_file(path: str | Path) -> io.BufferedReader:
    """Open ``path`` for reading; raise `InputError` when it is not there, a folder, or not ours to read."""
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({error.strerror}); check the path") from error


def broken(path: object, error: BaseException | str) -> InputError:
    """Return the error for a file that cannot be made sense of."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{path}: broken or cut short ({reason}); copy or download it again")


class SafeUnpickler(pickle.Unpickler):
    """Unpickler of one ``stream``; ``source`` names it in errors.

    Names are answered with strings, bound methods and the small classes below: none of them can be altered by the
    file in a way that outlives this object.
    """

    def __init__(self, stream: Any, source: str) -> None:
        super().__init__(stream, encoding="latin1")
        self.source = source
        self.allowed = self._names()
        self._done: dict[int, Any] = {}

    def read(self) -> Any:
        """Return the next pickled object as dicts, lists, tuples, sets, plain values and arrays."""
        try:
            return self.plain(self.load())
        except InputError:
            raise
        except Exception as error:  # a broken pickle raises nearly anything
            raise broken(self.source, error) from error

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for ``module.name``; raise `InputError` when there is none."""
        found = self.allowed.get(f"{module}.{name}")
        if found is None:
            raise InputError(
                f"{self.source}: refused: the file asks for '{module}.{name}', and only tensors and plain containers "
                "are read; save it anew as a plain state dict"
            )
        return found

    def persistent_load(self, pid: Any) -> Any:
        raise InputError(f"{self.source}: refused: the file points to data outside of itself")

    def _names(self) -> dict[str, Any]:
        """Return what this kind of file may ask for: NumPy's arrays under their old and new module names."""
        names: dict[str, Any] = {"collections.OrderedDict": _Dict, "_codecs.encode": self._encode}
        for module in ("builtins", "__builtin__"):
            names |= {f"{module}.tuple": tuple, f"{module}.list": list, f"{module}.dict": _Dict, f"{module}.set": set}
            names |= {f"{module}.bytes": self._no_bytes, f"{module}.eval": self._dense_tensor}
        for core in ("numpy.core", "numpy._core"):
            names[f"{core}.multiarray._reconstruct"] = self._reconstruct
            names[f"{core}.multiarray.scalar"] = self._scalar
            names[f"{core}.numeric._frombuffer"] = self._from_buffer
        return names | {"numpy.ndarray": "ndarray", "numpy.dtype": _Dtype}

    def plain(self, thing: Any) -> Any:
        """Return ``thing`` without stand-ins; shared parts are converted once and stay shared."""
        if thing is None or isinstance(thing, (bool, int, float, complex, str, bytes, bytearray, np.ndarray)):
            return thing
        if id(thing) not in self._done:
            # The original is kept beside the result, for its id would otherwise be given to another object.
            self._done[id(thing)] = (thing, self._convert(thing))
        return self._done[id(thing)][1]

    def _convert(self, thing: Any) -> Any:
        if isinstance(thing, _Array):
            return thing.value
        if isinstance(thing, dict):
            return {self.plain(key): self.plain(value) for key, value in thing.items()}
        if isinstance(thing, (list, tuple, set)):
            kind: Callable[[Any], Any] = type(thing)
            return kind(self.plain(item) for item in thing)
        raise InputError(f"{self.source}: refused: it holds a {type(thing).__name__} where data belongs")

    @staticmethod
    def _encode(text: str, coding: str) -> bytes:
        return text.encode("latin1")

    @staticmethod
    def _no_bytes() -> bytes:
        return b""

    @staticmethod
    def _reconstruct(kind: str, shape: Any, code: Any) -> _Array:
        return _Array()

    @staticmethod
    def _scalar(dtype: _Dtype, raw: Any) -> Any:
        return _array(raw, dtype, (), False).item()

    @staticmethod
    def _from_buffer(raw: Any, dtype: _Dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
        return _array(raw, dtype, shape, order == "F")

    @staticmethod
    def _dense_tensor(expression: str, scope: dict[str, Any]) -> Any:
        """Stand in for the ``eval("data", {"data": array})`` that Paddle writes for one kind of its tensors."""
        if expression != "data" or list(scope) != ["data"]:
            raise pickle.UnpicklingError("refused: the file asks to run a piece of Python")
        return scope["data"]


class _Dict(dict[Any, Any]):
    """An OrderedDict whose attributes (torch keeps module versions there) are left out."""

    def __setstate__(self, state: Any) -> None:
        pass


class _Dtype:
    def __init__(self, code: str, *_: Any) -> None:
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]

    def numpy(self) -> np.dtype[Any]:
        code = self.code.lstrip("<>=|")
        if code not in _DTYPES or self.order not in ("<", ">", "=", "|"):
            raise pickle.UnpicklingError(f"arrays of type '{self.code}' are not weights")
        return np.dtype(self.order + code)


class _Array:
    value: np.ndarray

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, raw = state
        self.value = _array(raw, dtype, shape, fortran)


def _array(raw: Any, dtype: _Dtype, shape: tuple[int, ...], fortran: bool) -> np.ndarray:
    if isinstance(raw, str):  # Python 2 wrote bytes as text
        raw = raw.encode("latin1")
    array = np.frombuffer(raw, dtype.numpy()).reshape(shape, order="F" if fortran else "C")
    array.flags.writeable = False
    return array
