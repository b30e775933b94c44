"""Laubach and Williams's family: equations, three stages, median-unbiased estimator, standard errors, results.

Public names are in `capstar.rstar`.
"""
