"""The arrays of a session within one budget of memory; those not used for longest wait in a temporary file.

The file has no name, so it is gone with the process however that ends, and it is read plainly, not mapped, so that its
pages do not count as the process's memory. It lies in the cache folder: what is called /tmp is often memory itself.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.compiled import default_cache
from ...kernels.float16 import from_float16_bits, to_float16_bits
from ...utils.arrays import Floats
from ..options import Storage

logger = logging.getLogger(__name__)

Part = EllipsisType | tuple[EllipsisType | slice, ...]  # of an array, as an index takes it
DTYPES: dict[Storage, np.dtype[Any]] = {
    "float32": np.dtype(np.float32),
    "float16": np.dtype(np.uint16),  # the bits
}
MIB, GIB = 1 << 20, 1 << 30


class StoredArray:
    """An array in a store. Its memory and its part of the file are freed with the last reference to it."""

    def __init__(self, store: ArrayStore, key: int) -> None:
        self._store = store
        self._key = key

    def read(self, part: Part = ...) -> Floats:
        """The array or a part of it, not to be changed: from memory, from the file, or computed again."""
        return self._store._read(self._key, part)

    @property
    def kept(self) -> bool:
        """Whether `read` has no need to compute it."""
        return self._store._is_kept(self._key)

    def __del__(self) -> None:
        # This can run at any moment, even while the lock is held, so it only makes a note.
        self._store._gone.append(self._key)


@dataclass(eq=False)
class _Record:
    shape: tuple[int, ...]
    nbytes: int
    again: Callable[[], Floats] | None
    slot: int | None = None  # offset in the file; arrays never change, so it stays true while there is a copy in memory


class ArrayStore:
    """Keep arrays and hand them out with the same numbers; may be used from several threads.

    Args:
        budget_bytes: of memory; only the array used last is kept whatever its size.
        storage: ``"float16"`` rounds every array once, when it is kept, and halves what it takes; ``"float32"`` does
            not. What is read depends neither on the budget nor on where an array has been.
        folder: for the temporary file; default: the cache folder.
        reserve_bytes: the file does not grow when less would be left free there. Then arrays that can be computed again
            are dropped, and others stay in memory beyond the budget, with a warning.
    """

    def __init__(
        self,
        budget_bytes: int,
        storage: Storage = "float32",
        *,
        folder: str | Path | None = None,
        reserve_bytes: int = GIB,
    ) -> None:
        if storage not in DTYPES:
            raise ValueError(f"storage is one of {', '.join(DTYPES)}, not '{storage}'")
        self.budget_bytes = budget_bytes
        self._dtype = DTYPES[storage]
        self.folder = default_cache() if folder is None else Path(folder)
        self._reserve = reserve_bytes
        self._spared = 0  # bytes of the disk that arrays which can be computed again leave to the others
        self._lock = threading.Lock()
        self._keys = count()
        self._records: dict[int, _Record] = {}
        self._recent: OrderedDict[int, NDArray[Any]] = OrderedDict()  # those in memory, the one used last at the end
        self._gone: deque[int] = deque()
        self._bytes = 0
        self._file: Any = None
        self._file_bytes = 0
        self._slots: defaultdict[int, list[int]] = defaultdict(list)  # size to offsets that are free
        self._warned = False

    def keep(self, array: Floats, again: Callable[[], Floats] | None = None) -> StoredArray:
        """Take an array in. ``again`` computes the same one, for the case that there is no space for it."""
        packed = self._pack(array)
        with self._lock:
            self._collect()
            key = next(self._keys)
            self._records[key] = _Record(packed.shape, packed.nbytes, again)
            self._hold(key, packed)
        return StoredArray(self, key)

    def spare(self, nbytes: int) -> None:
        """Let arrays that can be computed again leave so much of the disk to the others."""
        self._spared = nbytes

    def has_space(self, nbytes: int) -> bool:
        """Whether one more array that can be computed again would be kept without dropping another one."""
        with self._lock:
            self._collect()
            return self._bytes + nbytes <= self.budget_bytes or self._fits_disk(nbytes, spared=self._spared)

    @property
    def item_bytes(self) -> int:
        """What a number takes."""
        return self._dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes in memory now."""
        with self._lock:
            self._collect()
            return self._bytes

    @property
    def file_bytes(self) -> int:
        """Length of the temporary file."""
        return self._file_bytes

    @property
    def free_disk(self) -> int:
        """Bytes by which the file may grow now."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free if os.access(self.folder, os.W_OK) else 0
        except OSError:
            return 0
        return max(0, free - self._reserve)

    # ------------------------------------------------------------------------------------------------ inside

    def _pack(self, array: Floats) -> NDArray[Any]:
        return to_float16_bits(array) if self._dtype == np.uint16 else np.ascontiguousarray(array, np.float32)

    def _read(self, key: int, part: Part) -> Floats:
        with self._lock:
            self._collect()
            record = self._records[key]
            packed = self._recent.get(key)
            if packed is not None:
                self._recent.move_to_end(key)
            elif record.slot is not None:
                packed = self._load(record)
                self._hold(key, packed)
        if packed is None:
            assert record.again is not None
            packed = self._pack(record.again())  # takes its time: not under the lock
            with self._lock:
                self._hold(key, packed)
        packed = np.ascontiguousarray(packed[part])
        return from_float16_bits(packed) if self._dtype == np.uint16 else packed

    def _is_kept(self, key: int) -> bool:
        with self._lock:
            return key in self._recent or self._records[key].slot is not None

    def _collect(self) -> None:
        """Free the arrays that have no reference left."""
        while self._gone:
            key = self._gone.popleft()
            record = self._records.pop(key)
            self._release(key)
            if record.slot is not None:
                self._slots[record.nbytes].append(record.slot)

    def _hold(self, key: int, packed: NDArray[Any]) -> None:
        """Have an array in memory as the one used last, and bring the others within the budget."""
        self._release(key)
        self._recent[key] = packed
        self._bytes += packed.nbytes
        if self._bytes <= self.budget_bytes:
            return
        full = set()  # what there is no space for: True for arrays that can be computed again
        for other in list(self._recent)[:-1]:
            record = self._records[other]
            kind = record.again is not None
            if record.slot is None and kind not in full and not self._save(record, self._recent[other]):
                full.add(kind)
            if record.slot is not None or kind:
                self._release(other)
            if self._bytes <= self.budget_bytes:
                return
        if False in full and not self._warned:
            self._warned = True
            logger.warning(
                "%.0f MiB of memory are in use beyond the budget of %.0f MiB: there is no room in %s (free beside a "
                "reserve: %.0f MiB)",
                (self._bytes - self.budget_bytes) / MIB,
                self.budget_bytes / MIB,
                self.folder,
                self.free_disk / MIB,
            )

    def _load(self, record: _Record) -> NDArray[Any]:
        packed = np.empty(record.shape, self._dtype)
        self._file.seek(record.slot)
        if self._file.readinto(packed.data) != record.nbytes:
            raise OSError(f"{self.folder}: the temporary file was cut short")
        return packed

    def _release(self, key: int) -> None:
        packed = self._recent.pop(key, None)
        self._bytes -= 0 if packed is None else packed.nbytes

    def _fits_disk(self, nbytes: int, spared: int) -> bool:
        return bool(self._slots[nbytes]) or self.free_disk >= nbytes + spared

    def _save(self, record: _Record, packed: NDArray[Any]) -> bool:
        """Write an array to a free slot of its size or to the end of the file; say whether it is there now."""
        if not self._fits_disk(record.nbytes, self._spared if record.again else 0):
            return False
        slots = self._slots[record.nbytes]
        slot = slots[-1] if slots else self._file_bytes
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self.folder, buffering=0)  # noqa: SIM115  # as long as the store
            self._file.seek(slot)
            if self._file.write(packed.data) != record.nbytes:
                return False  # cut short by a full disk
        except OSError as error:
            logger.debug("cannot write to %s: %s", self.folder, error)
            return False
        if slots:
            slots.pop()
        self._file_bytes = max(self._file_bytes, slot + record.nbytes)
        record.slot = slot
        return True
