"""Posterior distributions of declared models: priors, samplers, and whether the chains agree."""
