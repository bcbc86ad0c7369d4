"""The innermost loops of matching: tiles of sums that stay in the processor's vector registers.

LLVM makes good code of single loops, but what to keep in registers has to be said. So these are written as vector
instructions, through Numba; every processor's LLVM turns them into its own (SSE, AVX, AVX-512, NEON).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic


def _vector_length() -> int:
    """Return how many float32 fill a register of this processor; where fewer than 8 do, 8 take two."""
    try:
        return 16 if binding.get_host_cpu_features().get("avx512f") else 8
    except RuntimeError:  # not known
        return 8


LENGTH = _vector_length()
# Of a tile, which has two vectors of columns: 24 of the 32 registers of AVX-512 hold sums, 12 of the 16 of AVX2.
ROWS = 12 if LENGTH == 16 else 6
COLUMNS = 2 * LENGTH
VECTORS = (0, 1)  # of a row of a tile
SHIFTS = 9  # of a tile of `shifted_tile`: as many registers for sums, and windows of 17 and 25 need few more


@intrinsic
def lower_tile(typing_context: Any, left: Any, right: Any, start: Any, least: Any, depth: Any) -> Any:
    """``least[i, j] = min(least[i, j], start[j] + sum over k of left[k, i] * right[k, j])``.

    The arguments are addresses of float32 without gaps: ``left`` (depth, ROWS), ``right`` (depth, COLUMNS), ``start``
    (COLUMNS), ``least`` (ROWS, COLUMNS); nothing is checked, and ``depth`` is 1 or more.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        left, right, start, least, depth = arguments
        code = Code(builder)
        sums = code.multiply(left, right, depth, [code.load(start, vector * LENGTH) for vector in VECTORS])
        for i in range(ROWS):
            for vector in VECTORS:
                position = i * COLUMNS + vector * LENGTH
                code.store(code.smaller(sums[i][vector], code.load(least, position)), least, position)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 5), emit


@intrinsic
def shifted_tile(typing_context: Any, now: Any, before: Any, out: Any, depth: Any, steps: Any) -> Any:
    """``out[b, j] = sum over k of (now[k, j] - before[k, j + b]) ** 2`` for SHIFTS values of b and LENGTH of j.

    ``now``, ``before`` and ``out`` are addresses of float32; ``steps`` has the lengths of a row of each. Nothing is
    checked, and ``depth`` is 1 or more.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        now, before, out, depth, steps = arguments
        code = Code(builder)
        now_step, before_step, out_step = (builder.extract_value(steps, k) for k in range(3))
        for b, total in enumerate(code.shifted(now, before, depth, now_step, before_step)):
            code.store(total, out, builder.mul(out_step, code.index(b)))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 4, types.UniTuple(types.intp, 3)), emit


@intrinsic
def least_tile(typing_context: Any, rows: Any, weight: Any, wrong: Any, out: Any, step: Any, count: Any) -> Any:
    """``out[j] = min(out[j], max(between[b, j], wrong[2 * b + j]))`` over ``count`` values of b, for LENGTH of j.

    ``between[b, j]`` lies between ``upper[b, j]`` (``weight`` 0) and ``lower[b, j]`` (1). ``rows`` has the addresses of
    upper and lower, ``step`` is the length of a row of theirs; ``wrong`` and ``out`` are addresses, all of float32.
    Nothing is checked, and ``count`` is 1 or more.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        rows, weight, wrong, out, step, count = arguments
        upper, lower = (builder.extract_value(rows, k) for k in VECTORS)
        code = Code(builder)
        vector_weight, least = code.spread(weight), code.load(out, 0)
        code.store(code.least(upper, lower, vector_weight, wrong, least, step, count), out, 0)
        return context.get_dummy_value()

    arguments = [types.UniTuple(types.intp, 2), types.float32, *[types.intp] * 4]
    return types.void(*arguments), emit


class Code:
    """The instructions that the tiles are made of."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder
        self.vector = ir.VectorType(ir.FloatType(), LENGTH)
        self.index = ir.IntType(types.intp.bitwidth)

    def multiply(self, left: Any, right: Any, depth: Any, starts: list[Any]) -> list[list[Any]]:
        """Sums by row and vector: ``starts`` (of a row) and the product, in a loop over ``depth``."""
        builder = self.builder
        before, loop, after, k = self.begin_loop()
        sums = [[builder.phi(self.vector) for _ in VECTORS] for _ in range(ROWS)]
        columns = [self.load(right, self.offset(k, COLUMNS, vector * LENGTH)) for vector in VECTORS]
        totals = []
        for i in range(ROWS):
            value = self.spread(builder.load(self.pointer(left, self.offset(k, ROWS, i))))
            products = [builder.fmul(value, column, flags=("fast",)) for column in columns]
            totals.append([builder.fadd(sums[i][vector], products[vector], flags=("fast",)) for vector in VECTORS])
        for i in range(ROWS):
            for vector in VECTORS:
                sums[i][vector].add_incoming(starts[vector], before)
                sums[i][vector].add_incoming(totals[i][vector], loop)
        self.end_loop(before, loop, after, k, depth)
        return totals

    def shifted(self, now: Any, before: Any, depth: Any, now_step: Any, before_step: Any) -> list[Any]:
        """Sums over ``depth`` of squared differences, by shift."""
        builder = self.builder
        entry, loop, after, k = self.begin_loop()
        sums = [builder.phi(self.vector) for _ in range(SHIFTS)]
        value, start = self.load(now, builder.mul(k, now_step)), builder.mul(k, before_step)
        totals = []
        for b, total in enumerate(sums):
            difference = builder.fsub(value, self.load(before, builder.add(start, self.index(b))), flags=("fast",))
            square = builder.fmul(difference, difference, flags=("fast",))
            totals.append(builder.fadd(total, square, flags=("fast",)))
            total.add_incoming(ir.Constant(self.vector, [0.0] * LENGTH), entry)
            total.add_incoming(totals[b], loop)
        self.end_loop(entry, loop, after, k, depth)
        return totals

    def least(self, upper: Any, lower: Any, weight: Any, wrong: Any, least: Any, step: Any, count: Any) -> Any:
        """The least over ``count`` of ``least`` and distances between two rows, or what is wrong where that is more."""
        builder = self.builder
        before, loop, after, b = self.begin_loop()
        found = builder.phi(self.vector)
        one, other = (self.load(address, builder.mul(b, step)) for address in (upper, lower))
        rise = builder.fmul(builder.fsub(other, one, flags=("fast",)), weight, flags=("fast",))
        distance = builder.fadd(one, rise, flags=("fast",))
        limit = self.load(wrong, self.offset(b, 2, 0))
        total = self.smaller(found, self.larger(distance, limit))
        found.add_incoming(least, before)
        found.add_incoming(total, loop)
        self.end_loop(before, loop, after, b, count)
        return total

    def begin_loop(self) -> tuple[Any, Any, Any, Any]:
        """Return the block before a loop, the loop's, the one after it, and the counter."""
        builder = self.builder
        before = builder.block
        loop, after = builder.append_basic_block("depth"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        return before, loop, after, builder.phi(self.index)

    def end_loop(self, before: Any, loop: Any, after: Any, k: Any, depth: Any) -> None:
        """Count ``k`` to ``depth``."""
        following = self.builder.add(k, self.index(1))
        k.add_incoming(self.index(0), before)
        k.add_incoming(following, loop)
        self.builder.cbranch(self.builder.icmp_signed("<", following, depth), loop, after)
        self.builder.position_at_end(after)

    def offset(self, k: Any, step: int, more: int) -> Any:
        return self.builder.add(self.builder.mul(k, self.index(step)), self.index(more))

    def pointer(self, address: Any, offset: Any) -> Any:
        base = self.builder.inttoptr(address, ir.FloatType().as_pointer())
        return self.builder.gep(base, [offset if isinstance(offset, ir.Value) else self.index(offset)])

    def load(self, address: Any, offset: Any) -> Any:
        return self.builder.load(self.builder.bitcast(self.pointer(address, offset), self.vector.as_pointer()), align=4)

    def store(self, value: Any, address: Any, offset: Any) -> None:
        target = self.builder.bitcast(self.pointer(address, offset), self.vector.as_pointer())
        self.builder.store(value, target, align=4)

    def smaller(self, one: Any, other: Any) -> Any:
        return self.builder.select(self.builder.fcmp_ordered("<", one, other, flags=("fast",)), one, other)

    def larger(self, one: Any, other: Any) -> Any:
        return self.builder.select(self.builder.fcmp_ordered(">", one, other, flags=("fast",)), one, other)

    def spread(self, value: Any) -> Any:
        """A vector of ``value`` in every element."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(nothing, value, ir.IntType(32)(0))
        return self.builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LENGTH), None))
