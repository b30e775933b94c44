"""The real rate as a random walk plus a cycle, with the priors of Bauer and Rudebusch (2020).

Public names are in `capstar.rstar`.
"""
