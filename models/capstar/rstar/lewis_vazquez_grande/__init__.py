"""Holston, Laubach and Williams (2017) in one step, Bayesian: Lewis and Vazquez-Grande (2018)."""
