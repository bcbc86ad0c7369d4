"""The innermost loops of depthwise convolutions: tiles of sums that stay in the processor's vector registers.

A value that is loaded serves every tap that a tile has for it. See `tiles` for why these are vector instructions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .tiles import LENGTH, VECTORS, Code

ROWS = 4  # of a tile of sums, which has two vectors of columns
SIZES = (3, 5, 7, 9)  # of the kernels that there are tiles for
FLAGS = ("contract", "nsz", "reassoc")  # of sums; what is no number stays so


def _correlate_tile(k: int) -> Callable[..., None]:
    @intrinsic
    def tile(typing_context: Any, source: Any, taps: Any, start: Any, out: Any, steps: Any) -> Any:
        """``out[y, t] = start + sum over i, j < k of taps[j, i] * source[y + i, t + j * dilation]``.

        For ROWS of y and two LENGTHs of t. ``source``, ``taps`` and ``out`` are addresses of float32; ``steps`` has the
        lengths of a row of source and out, and the dilation of columns. Nothing is checked.
        """

        def emit(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
            source, taps, start, out, steps = arguments
            code = Code(builder)
            source_step, out_step, dilation = (builder.extract_value(steps, index) for index in range(3))
            first = code.spread(start)
            before, loop, after, j = code.begin_loop()
            sums = [[builder.phi(code.vector) for _ in VECTORS] for _ in range(ROWS)]
            totals = [list(row) for row in sums]
            column = builder.mul(j, dilation)
            weights = [code.spread(builder.load(code.pointer(taps, code.offset(j, k, i)))) for i in range(k)]
            for r in range(ROWS + k - 1):
                place = builder.add(column, builder.mul(source_step, code.index(r)))
                values = [code.load(source, builder.add(place, code.index(vector * LENGTH))) for vector in VECTORS]
                for y in range(max(0, r - k + 1), min(ROWS, r + 1)):
                    for vector in VECTORS:
                        product = builder.fmul(values[vector], weights[r - y], flags=FLAGS)
                        totals[y][vector] = builder.fadd(totals[y][vector], product, flags=FLAGS)
            for y in range(ROWS):
                for vector in VECTORS:
                    sums[y][vector].add_incoming(first, before)
                    sums[y][vector].add_incoming(totals[y][vector], loop)
            code.end_loop(before, loop, after, j, code.index(k))
            for y in range(ROWS):
                for vector in VECTORS:
                    place = builder.mul(out_step, code.index(y))
                    code.store(totals[y][vector], out, builder.add(place, code.index(vector * LENGTH)))
            return context.get_dummy_value()

        addresses = [types.intp, types.intp, types.float32, types.intp]
        return types.void(*addresses, types.UniTuple(types.intp, 3)), emit

    return tile


def _product_tile(rows: int, columns: int) -> Callable[..., None]:
    @intrinsic
    def tile(typing_context: Any, source: Any, grad: Any, out: Any, steps: Any, count: Any) -> Any:
        """``out[i, j] = sum over n of source[n + j * dilation] * grad[n - i * row]``, for a block of rows and columns.

        ``source``, ``grad`` and ``out`` are addresses of float32; ``out`` takes LENGTH sums for each (i, j), which are
        to be added up; ``steps`` has the row and the dilation, ``count`` the LENGTHs of n, 1 or more.
        """

        def emit(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
            source, grad, out, steps, count = arguments
            code = Code(builder)
            row, dilation = (builder.extract_value(steps, index) for index in range(2))
            before, loop, after, n = code.begin_loop()
            sums = [[builder.phi(code.vector) for _ in range(columns)] for _ in range(rows)]
            place = builder.mul(n, code.index(LENGTH))
            slopes = [code.load(grad, builder.sub(place, builder.mul(row, code.index(i)))) for i in range(rows)]
            totals: list[list[Any]] = [[None] * columns for _ in range(rows)]
            for j in range(columns):
                value = code.load(source, builder.add(place, builder.mul(dilation, code.index(j))))
                for i in range(rows):
                    product = builder.fmul(value, slopes[i], flags=FLAGS)
                    totals[i][j] = builder.fadd(sums[i][j], product, flags=FLAGS)
                    sums[i][j].add_incoming(ir.Constant(code.vector, [0.0] * LENGTH), before)
                    sums[i][j].add_incoming(totals[i][j], loop)
            code.end_loop(before, loop, after, n, count)
            for i in range(rows):
                for j in range(columns):
                    code.store(totals[i][j], out, (i * columns + j) * LENGTH)
            return context.get_dummy_value()

        return types.void(*[types.intp] * 3, types.UniTuple(types.intp, 2), types.intp), emit

    return tile


correlate_3, correlate_5, correlate_7, correlate_9 = (_correlate_tile(k) for k in SIZES)
product_3x4, product_3x3, product_2x4, product_2x3 = (_product_tile(*size) for size in ((3, 4), (3, 3), (2, 4), (2, 3)))
