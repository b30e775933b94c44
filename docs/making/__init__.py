"""What ``make docs`` writes before Sphinx runs: pages made from docstrings, results, tests and registries."""
