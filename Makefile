# Everything sets itself up: a virtual environment in .venv, from constraints.txt.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
DOCS_READY := .venv/.ready-docs
CODE := $(shell find models tests -name '*.py' 2>/dev/null)
# Tests that hold what is computed against numbers from elsewhere; "How sure are we" is written from them.
GOLDEN := $(addprefix tests/rstar/test_,golden.py golden_monthly.py benchmarks.py global_trend_var.py lewis_vazquez_grande.py \
	median_unbiased.py published.py trend_var.py uncertainty.py unobserved_components.py) \
	$(addprefix tests/statespace/test_,golden_score.py score.py against_statsmodels.py diffuse.py trend_cycle.py) \
	$(addprefix tests/leads/test_,evidence.py forecast_tables.py forecast_tests.py implied_long_horizon.py inference.py \
	ivx.py ivx_bootstrap.py leads.py local_projections.py multiplicity.py probability.py stability.py) \
	$(addprefix tests/markets/test_,indicators.py swings.py variance_ratio.py) tests/smallcaps/test_golden.py

# What depends most on other packages, in under two minutes once the kernels are compiled: with lowest and newest versions.
VERSIONED := tests/kernels/test_gaussian.py tests/rstar/test_golden.py tests/rstar/test_published.py \
	$(addprefix tests/statespace/test_,golden_score.py against_statsmodels.py to_statsmodels.py storage.py results.py) \
	$(addprefix tests/leads/test_,evidence.py forecast_tests.py inference.py leads.py local_projections.py) \
	$(addprefix tests/markets/test_,indicators.py variance_ratio.py) $(addprefix tests/smallcaps/test_,golden.py hand_computed.py) \
	$(addprefix tests/data/test_,fred.py french.py inputs.py tables.py vintages.py) \
	tests/reporting/test_gallery.py tests/reporting/test_summary.py tests/test_cli_choices.py tests/test_frames.py tests/test_units.py

.DEFAULT_GOAL := help
.PHONY: help setup study reproduce test notebooks test-nojit bench bench-store bench-compare gallery docs wheel versions shell lint types doors check lab format clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## the virtual environment, with everything development needs

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "capstar needs Python 3.11 or later on the PATH (or make PYTHON=/path/to/python)."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@

study: $(READY) ## the main job: r*, its gap, small-cap returns; writes results/
	$(BIN)/capstar study --out results
	@echo "Further: $(BIN)/capstar --help, or make shell for a shell in which it is capstar"

reproduce: $(READY) ## the papers: every study that has its data, how many published numbers are met; LONGEST=3600 for the long ones
	$(BIN)/python -m research all $(if $(LONGEST),--longest $(LONGEST))

test: $(READY) test-nojit ## every test; benchmarks run once, for their results
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-nojit: $(READY) ## the kernels' tests with compilation switched off
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q tests/kernels

bench: $(READY) ## benchmarks: times and ratios, printed beside the figures aimed at
	$(BIN)/python -m pytest tests/benchmarks -s --benchmark-enable --benchmark-columns=min,median,rounds

bench-compare: $(READY) ## ratios held against the stored ones: fails where one is over 20 % slower
	$(BIN)/python tests/ratios.py compare

bench-store: $(READY) ## medians of three runs' ratios, written to tests/benchmarks/stored.csv
	$(BIN)/python tests/ratios.py store

gallery: $(READY) ## every figure, to results/gallery; what the tests know of them is written anew
	PYTHONPATH=tests $(BIN)/python tests/figure_data.py results/gallery

docs: $(DOCS_READY) docs/_build/golden.csv ## the site, docs/_build/html: warnings are errors, every link is checked
	rm -rf docs/_build/source docs/_build/html
	PYTHONPATH=tests:docs $(BIN)/python -m making docs/_build/source docs/_build/golden.csv
	PYTHONPATH=docs $(BIN)/python -m sphinx -q -W --keep-going -j 2 docs/_build/source docs/_build/html
	PYTHONPATH=docs $(BIN)/python -m making.links docs/_build/html
	@echo "Open docs/_build/html/index.html"

docs/_build/golden.csv: $(READY) $(CODE)
	PYTHONPATH=tests $(BIN)/python -m pytest -q -p golden_record --golden-record=$@ $(GOLDEN)

$(DOCS_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[docs]"
	@touch $@

wheel: $(READY) ## wheel and source distribution, dist/; the wheel tried in an empty environment
	$(BIN)/python -m build --outdir dist
	$(BIN)/python tests/wheel.py dist

versions: $(READY) ## each declared Python, lowest and newest versions: import, r*, some tests (PYTHONS="3.12" for one)
	$(BIN)/python tests/versions.py $(VERSIONED) $(addprefix --python ,$(PYTHONS))

shell: $(READY) ## a shell in which `capstar` and `python` are the environment's
	@echo "capstar is $(CURDIR)/$(BIN)/capstar; exit leaves this shell"; PATH="$(CURDIR)/$(BIN):$$PATH" $${SHELL:-sh}

lint: $(READY) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## ruff: mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) ## mypy, strict
	$(BIN)/mypy

doors: $(READY) ## import-linter: who may import whom
	$(BIN)/lint-imports

check: lint types doors ## all style checks

notebooks: $(READY) ## run the notebooks and store them with outputs
	$(BIN)/python tests/running_notebooks.py

lab: $(READY) ## jupyterlab on the notebooks
	$(BIN)/jupyter lab notebooks

clean: ## remove what the targets made
	rm -rf .venv results build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
