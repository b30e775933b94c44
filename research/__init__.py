"""Replications of papers, one folder each: ``python -m research`` lists them."""
