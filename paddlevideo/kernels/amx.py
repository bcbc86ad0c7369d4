"""The nearest of many references in bfloat16, with the matrix tiles that some processors have (AMX, on x86-64).

One instruction multiplies 16 x 32 by 32 x 16 numbers and adds the products to float32 sums. Embeddings are rounded to
bfloat16 (eight bits, as compiled parts do anyway); distances between the rounded ones keep float32's digits.

Shapes: O ids, C channels, N queries, n references.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .elementwise import FAR, Floats
from .tiles import LENGTH, Code, smallest

SIDE = 32  # references and queries that meet in four tiles, and channels that one instruction takes
CHUNK = 64  # blocks of references that stay in the second-level cache while all queries pass by
WORDS = 16  # of 32 bits, in a row of a tile
TILE = 16 * WORDS
SUMS, LEFT, RIGHT = (0, 1, 2, 3), (4, 5), (6, 7)  # of the eight tiles
ARCH_PRCTL, REQUEST, TILE_DATA = 158, 0x1023, 18  # Linux: a process has to ask for the tiles' memory


@lru_cache(maxsize=1)
def usable() -> bool:
    """Return whether this processor has the tiles and the system lets this process use them."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64" or LENGTH != WORDS:
        return False
    if "amx_bf16" not in Path("/proc/cpuinfo").read_text().split():
        return False
    return bool(ctypes.CDLL(None).syscall(ARCH_PRCTL, REQUEST, TILE_DATA) == 0)


def cut(references: Floats) -> list[tuple[Floats, NDArray[np.uint16]]]:
    """Cut references (n,C) into ``|y|^2`` (SIDE,WORDS), the same in each row, and ``-2 y`` (C/SIDE,SIDE,SIDE)."""
    count, channels = references.shape
    filled = np.zeros((_whole(count), _whole(channels)), np.float32)
    filled[:count, :channels] = references
    bits = _rounded(filled)
    filled = (bits.astype(np.uint32) << 16).view(np.float32)
    norms = np.einsum("nc,nc->n", filled, filled)
    norms[count:] = FAR
    starts = range(0, len(filled), SIDE)
    # Twice a bfloat16 number is one, too, so nothing is rounded here.
    products = _rounded(-2 * filled).reshape(-1, SIDE, filled.shape[1] // SIDE, SIDE).transpose(0, 2, 1, 3).copy()
    spread = np.repeat(norms[:, None], WORDS, axis=1)
    return [(spread[k : k + SIDE], products[k // SIDE]) for k in starts]


def _whole(count: int) -> int:
    return -(-count // SIDE) * SIDE


def _rounded(values: Floats) -> NDArray[np.uint16]:
    """The bits of float32 numbers as bfloat16."""
    halves: NDArray[np.uint16] = _upper_half(values.view(np.uint32)).astype(np.uint16)
    return halves


@njit(cache=True, nogil=True)
def _upper_half(bits):  # type: ignore[no-untyped-def]
    """The upper 16 of a float32 number's ``bits``, or of an array's, rounded to nearest, to even between two."""
    return (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)


@njit(cache=True, nogil=True, fastmath=True)
def nearest(pixels, centre, products, norms, rows, start, stop, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` (O,N) with the smallest squared distances of ``pixels`` (C,n), tiles ``start..stop`` of SIDE."""
    channels, count = pixels.shape
    first, last = start * SIDE, min(stop * SIDE, count)
    queries = np.zeros((stop - start, products.shape[1] * SIDE // 2, SIDE), np.uint32)  # pairs of channels
    lengths = np.zeros((stop - start) * SIDE, np.float32)
    for n in range(first, last, SIDE):
        inside, tile = min(last - n, SIDE), n // SIDE - start
        for c in range(channels):
            _pack_row(pixels[c, n : n + inside], centre[c], 16 * (c % 2), queries[tile, c // 2], lengths[n - first :])
    out[:, first : stop * SIDE] = FAR
    table, saved = np.zeros(64, np.uint8), np.zeros(64, np.uint8)
    table[0], table[16:32:2], table[48:56] = 1, 64, 16  # palette 1, bytes in each row of a tile, rows of a tile
    sums = np.empty((SIDE, SIDE), np.float32)
    _lower(queries, products, norms, rows, out[:, first:], sums, table, saved)
    for o in range(len(out)):
        for n in range(first, last):
            out[o, n] += lengths[n - first]


@njit(cache=True, nogil=True, fastmath=True)
def _lower(queries, products, norms, rows, out, sums, table, saved):  # type: ignore[no-untyped-def]
    """Lower ``out`` (O,N) to what all blocks give; the arrays are arguments, so they outlive their addresses."""
    steps = products.shape[1]
    begin_tiles(table.ctypes.data, saved.ctypes.data)
    for chunk in range(0, len(rows), CHUNK):
        for tile in range(len(queries)):
            right = queries[tile].ctypes.data
            for k in range(chunk, min(chunk + CHUNK, len(rows))):
                least = out[rows[k], tile * SIDE :].ctypes.data
                lower_block(products[k].ctypes.data, right, norms[k].ctypes.data, least, sums.ctypes.data, steps)
    end_tiles(saved.ctypes.data)


@njit(cache=True, nogil=True, fastmath=True)
def _pack_row(values, centre, place, words, lengths):  # type: ignore[no-untyped-def]
    """Put a channel of some queries, rounded to bfloat16, to a ``place`` (0 or 16) in ``words``, add its squares up."""
    for j in range(len(values)):
        half = _upper_half(np.float32(values[j] - centre).view(np.uint32))
        value = np.uint32(half << np.uint32(16)).view(np.float32)
        words[j] |= half << np.uint32(place)
        lengths[j] += value * value


@intrinsic
def begin_tiles(typing_context: Any, table: Any, saved: Any) -> Any:
    """Set this thread's tiles up by a table; what they were before, other libraries' maybe, goes to ``saved``."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        code = _Tiles(builder)
        code.call("sttilecfg", code.pointer(arguments[1]))
        code.call("ldtilecfg", code.pointer(arguments[0]))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), emit


@intrinsic
def end_tiles(typing_context: Any, saved: Any) -> Any:
    """Set this thread's tiles up as they were."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        code = _Tiles(builder)
        code.call("ldtilecfg", code.pointer(arguments[0]))
        return context.get_dummy_value()

    return types.void(types.intp), emit


@intrinsic
def lower_block(typing_context: Any, left: Any, right: Any, start: Any, least: Any, sums: Any, steps: Any) -> Any:
    """``least[j] = min(least[j], start[i] + sum over k of left[i, k] * right[k, j])`` over SIDE of i, for SIDE of j.

    The arguments are addresses without gaps: bfloat16 ``left`` (steps,SIDE,SIDE) and ``right`` (steps,SIDE/2,SIDE,2),
    with pairs of k together; float32 ``start`` (SIDE,WORDS), the same in each row, ``least`` (SIDE) and, for what is
    between, ``sums`` (SIDE,SIDE). Nothing is checked, and ``steps`` is 1 or more.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        left, right, start, least, sums, steps = arguments
        code = _Tiles(builder)
        for half, j in ((half, j) for half in (0, 1) for j in (0, 1)):
            code.load_tile(SUMS[2 * half + j], start, half * TILE, WORDS)
        before, loop, after, k = code.begin_loop()
        for half in (0, 1):
            code.load_tile(LEFT[half], left, code.offset(k, 2 * TILE, half * TILE), WORDS)
            code.load_tile(RIGHT[half], right, code.offset(k, 2 * TILE, half * WORDS), 2 * WORDS)
        for half, j in ((half, j) for half in (0, 1) for j in (0, 1)):
            code.call("tdpbf16ps", *[code.number(tile) for tile in (SUMS[2 * half + j], LEFT[half], RIGHT[j])])
        code.end_loop(before, loop, after, k, steps)
        for half, j in ((half, j) for half in (0, 1) for j in (0, 1)):
            code.store_tile(SUMS[2 * half + j], sums, 2 * half * TILE + j * WORDS, 2 * WORDS)
        for j in (0, 1):
            column = [code.load(sums, 2 * i * WORDS + j * WORDS) for i in range(SIDE)]
            code.store(smallest(code, [code.load(least, j * WORDS), *column]), least, j * WORDS)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 6), emit


class _Tiles(Code):
    """The instructions of tiles; offsets and steps between rows are words of 32 bits."""

    def call(self, name: str, *arguments: Any) -> None:
        module = self.builder.module
        signature = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
        full = f"llvm.x86.{name}"
        self.builder.call(module.globals.get(full) or ir.Function(module, signature, full), arguments)

    def load_tile(self, tile: int, address: Any, offset: Any, step: int) -> None:
        self.call(
            "tileloadd64", self.number(tile), self.pointer(address, offset), ir.Constant(ir.IntType(64), 4 * step)
        )

    def store_tile(self, tile: int, address: Any, offset: Any, step: int) -> None:
        self.call(
            "tilestored64", self.number(tile), self.pointer(address, offset), ir.Constant(ir.IntType(64), 4 * step)
        )

    def number(self, tile: int) -> Any:
        return ir.Constant(ir.IntType(8), tile)

    def pointer(self, address: Any, offset: Any = 0) -> Any:
        return self.builder.bitcast(self.place(address, offset), ir.IntType(8).as_pointer())
