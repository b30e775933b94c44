"""Four numbers at a time: the vector instructions of `capstar.kernels.recursions`."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic

_FOUR = ir.VectorType(ir.DoubleType(), 4)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), _FOUR.as_pointer())


def _times(builder: Any, weight: Any, pointer: Any) -> Any:
    one = builder.insert_element(ir.Constant(_FOUR, ir.Undefined), weight, ir.Constant(ir.IntType(32), 0))
    spread = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), 4), [0] * 4))
    return builder.fmul(spread, builder.load(pointer, align=8))


@intrinsic
def add4(_, Y, y, w, X, x):
    """Add ``w`` times the four entries of ``X`` from ``x`` on to those of ``Y`` from ``y`` on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        to = _pointer(context, builder, signature.args[0], args[0], args[1])
        product = _times(builder, args[2], _pointer(context, builder, signature.args[3], args[3], args[4]))
        builder.store(builder.fadd(builder.load(to, align=8), product), to, align=8)
        return context.get_dummy_value()

    return types.void(Y, types.uint64, types.float64, X, types.uint64), generate


@intrinsic
def set4(_, Y, y, w, X, x):
    """Set the four entries of ``Y`` from ``y`` on to ``w`` times those of ``X`` from ``x`` on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        to = _pointer(context, builder, signature.args[0], args[0], args[1])
        product = _times(builder, args[2], _pointer(context, builder, signature.args[3], args[3], args[4]))
        builder.store(product, to, align=8)
        return context.get_dummy_value()

    return types.void(Y, types.uint64, types.float64, X, types.uint64), generate
