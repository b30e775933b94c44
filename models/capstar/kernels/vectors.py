r"""Vectors and matrices in one scratch array, and what is made of them four numbers at a time.

They follow one another in an array ``W``, rows ``s`` apart, with ``s`` the number of states rounded up to a multiple of
four, the width of a vector instruction.  What pads a row stays zero.  An argument named like a vector (``a``, ``r``) or
matrix (``P``, ``N``) is its offset in ``W``.  Indices are without sign (``U``), which saves the check for counting from
the end.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from capstar.kernels.compiling import UNCOMPILED, step

U = np.uint64
_FOUR, _INT = ir.VectorType(ir.DoubleType(), 4), ir.IntType(32)


def _data(context, builder, signature, args, k):
    """Pointer to the first entry of array argument ``k`` of an instruction."""
    return context.make_array(signature.args[k])(context, builder, args[k]).data


def _four(builder, data, at):
    """Pointer to four entries of an array."""
    return builder.bitcast(builder.gep(data, [at]), _FOUR.as_pointer())


def _pick(builder, one, other, *which):
    """Vector of the entries of two others, counted through."""
    return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(_INT, 4), which))


def _repeat(builder, value):
    """Vector of one number four times."""
    one = builder.insert_element(ir.Constant(_FOUR, ir.Undefined), value, ir.Constant(_INT, 0))
    return _pick(builder, one, one, 0, 0, 0, 0)


def _instruction(adds):
    """Set or increase the four entries of ``Y`` from ``y`` on by ``w`` times those of ``X`` from ``x`` on."""

    def plain(Y, y, w, X, x):
        product = w * X[int(x) : int(x) + 4]
        Y[int(y) : int(y) + 4] = Y[int(y) : int(y) + 4] + product if adds else product

    def compiled(_, Y, y, w, X, x):
        def generate(context, builder, signature, args):
            target, source = (
                _four(builder, _data(context, builder, signature, args, k), args[k + 1]) for k in (0, 3)
            )
            result = builder.fmul(_repeat(builder, args[2]), builder.load(source, align=8))
            if adds:
                result = builder.fadd(builder.load(target, align=8), result)
            builder.store(result, target, align=8)
            return context.get_dummy_value()

        return types.void(Y, types.uint64, types.float64, X, types.uint64), generate

    return plain if UNCOMPILED else intrinsic(compiled)


def _transposition():
    """Set four rows of four entries, ``s`` apart, from ``y`` on to the columns of those from ``x0`` ... ``x3`` on."""

    def plain(W, y, s, x0, x1, x2, x3):
        rows = np.array([W[int(x) : int(x) + 4] for x in (x0, x1, x2, x3)])
        for k in range(4):
            W[int(y + k * s) : int(y + k * s) + 4] = rows[:, k]

    def compiled(_, W, y, s, x0, x1, x2, x3):
        def generate(context, builder, signature, args):
            data, at = _data(context, builder, signature, args, 0), args[1]
            a, b, c, d = (builder.load(_four(builder, data, x), align=8) for x in args[3:])
            even, odd = _pick(builder, a, b, 0, 4, 2, 6), _pick(builder, a, b, 1, 5, 3, 7)
            even_2, odd_2 = _pick(builder, c, d, 0, 4, 2, 6), _pick(builder, c, d, 1, 5, 3, 7)
            for half in ((0, 1, 4, 5), (2, 3, 6, 7)):
                for one, other in ((even, even_2), (odd, odd_2)):
                    builder.store(_pick(builder, one, other, *half), _four(builder, data, at), align=8)
                    at = builder.add(at, args[2])
            return context.get_dummy_value()

        return types.void(W, *[types.uint64] * 6), generate

    return plain if UNCOMPILED else intrinsic(compiled)


def _weighted_sum():
    """Set the four entries from ``y`` on: those ``s * col[k]`` after ``x`` times ``weight[k]``, added up."""

    def plain(W, y, first, end, weight, col, x, s):
        total = np.zeros(4)
        for k in range(int(first), int(end)):
            at = int(x + s * U(col[k]))
            total += weight[k] * W[at : at + 4]
        W[int(y) : int(y) + 4] = total

    def compiled(_, W, y, first, end, weight, col, x, s):
        def generate(context, builder, signature, args):
            data, weights, columns = (_data(context, builder, signature, args, k) for k in (0, 4, 5))
            _, y, first, end, _, _, x, s = args
            total, one = (
                cgutils.alloca_once_value(builder, ir.Constant(_FOUR, [0.0] * 4)),
                ir.Constant(s.type, 1),
            )
            with cgutils.for_range_slice(builder, first, end, one) as (k, _count):
                column = builder.zext(builder.load(builder.gep(columns, [k])), s.type)
                row = _four(builder, data, builder.add(x, builder.mul(s, column)))
                weight4 = _repeat(builder, builder.load(builder.gep(weights, [k])))
                product = builder.fmul(weight4, builder.load(row, align=8))
                builder.store(builder.fadd(builder.load(total), product), total)
            builder.store(builder.load(total), _four(builder, data, y), align=8)
            return context.get_dummy_value()

        u = types.uint64
        return types.void(W, u, u, u, weight, col, u, u), generate

    return plain if UNCOMPILED else intrinsic(compiled)


def _rank_one():
    """Take ``gain M M'`` from the matrix at ``P``; an entry and its mirror image are rounded alike."""

    def plain(W, gain, m, s, M, P):
        row = W[int(M) : int(M + s)]
        for j in range(int(m)):
            W[int(P + U(j) * s) : int(P + U(j + 1) * s)] -= row[j] * row * gain

    def compiled(_, W, gain, m, s, M, P):
        def generate(context, builder, signature, args):
            data = _data(context, builder, signature, args, 0)
            _, gain, m, s, M, P = args
            gain4, none = _repeat(builder, gain), ir.Constant(m.type, 0)
            with cgutils.for_range_slice(builder, none, s, ir.Constant(m.type, 4)) as (j, _count):
                row = builder.load(_four(builder, data, builder.add(M, j)), align=8)
                with cgutils.for_range(builder, m, intp=m.type) as loop:
                    weight = _repeat(builder, builder.load(builder.gep(data, [builder.add(M, loop.index)])))
                    at = _four(builder, data, builder.add(builder.add(P, j), builder.mul(s, loop.index)))
                    product = builder.fmul(builder.fmul(weight, row), gain4)
                    builder.store(builder.fsub(builder.load(at, align=8), product), at, align=8)
            return context.get_dummy_value()

        u = types.uint64
        return types.void(W, types.float64, u, u, u, u), generate

    return plain if UNCOMPILED else intrinsic(compiled)


set4, add4 = _instruction(False), _instruction(True)
transpose4, sum4, take_square = _transposition(), _weighted_sum(), _rank_one()


@step
def combine(s, first, end, weight, col, W, x, y):
    """Row ``y``: rows ``col[k]`` of the matrix at ``x`` times ``weight[k]``, added up."""
    for j in range(U(0), U(s), U(4)):
        sum4(W, U(y) + j, U(first), U(end), weight, col, U(x) + j, U(s))


@step
def add(s, w, W, x, y):
    """Add ``w`` times the row ``x`` to the row ``y``."""
    for j in range(U(0), U(s), U(4)):
        add4(W, U(y) + j, w, W, U(x) + j)


@step
def dot(n, X, x, W, y):
    """Inner product of two rows."""
    total = 0.0
    for j in range(U(n)):
        total += X[U(x) + j] * W[U(y) + j]
    return total


@step
def fill(n, value, W, y):
    """Set ``n`` entries."""
    for j in range(U(n)):
        W[U(y) + j] = value


@step
def copy(rows, m, X, x, dx, Y, y, dy):
    """Copy a matrix with rows of ``m``, ``dx`` apart, to where they are ``dy`` apart."""
    for i in range(rows):
        at, to = U(x + i * dx), U(y + i * dy)
        for j in range(U(m)):
            Y[to + j] = X[at + j]


@step
def copy_symmetric(m, s, X, W, y):
    """Copy the lower triangle of a matrix to both triangles of matrix ``y``."""
    for i in range(U(m)):
        for j in range(i + U(1)):
            value = X[i * U(m) + j]
            W[U(y) + i * U(s) + j] = value
            W[U(y) + j * U(s) + i] = value


@step
def pack(m, s, W, x, Y, y):
    """Copy a matrix to where its rows follow each other; what one writes too far the next overwrites."""
    last = U(m - 1)
    for i in range(last):
        for j in range(U(0), U(s), U(4)):
            set4(Y, U(y) + i * U(m) + j, 1.0, W, U(x) + i * U(s) + j)
    for j in range(U(m)):
        Y[U(y) + last * U(m) + j] = W[U(x) + last * U(s) + j]


@step
def unpack(m, s, X, x, W, y):
    """Copy a matrix whose rows follow each other; those of the copy are not padded with zeros."""
    last = U(m - 1)
    for i in range(last):
        for j in range(U(0), U(s), U(4)):
            set4(W, U(y) + i * U(s) + j, 1.0, X, U(x) + i * U(m) + j)
    for j in range(U(m)):
        W[U(y) + last * U(s) + j] = X[U(x) + last * U(m) + j]


@step
def place(W, x):
    """A place kept in ``W``."""
    return U(np.int64(W[U(x)]))
