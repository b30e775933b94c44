"""Numba kernels: arrays in, arrays out; no names, no dates, no options.

Functions that call each other stay in one file, because numba's disk cache does not notice an
edit of a callee in another file.
"""
