# Everything Assay's developers and first visitors need; `make` prints the list.
# The environment lives in .venv and is made when a command needs it, from pinned files with hashes.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The pins are whole. Were pip to follow dependencies as well, older ones would stop at `coverage[toml]`, which is pinned
# without its extra, as soon as there is a newer version.
PINNED := $(PIP) install --no-deps --require-hashes
PORT ?= 8004
ARGS ?=
SITE := $(BIN)/python scripts/build_site.py
# Two processes suit two cores; every file runs in one process, so that its module fixtures are made once.
JOBS ?= 2
XDIST := -n $(JOBS) --dist loadfile --no-loadscope-reorder
# Three outages of the logger, ten minutes each and waiting most of the time, run beside all others.
NIGHTLY := -n $(shell expr $(JOBS) + 3) --dist loadgroup --no-loadscope-reorder
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest
TEST := $(PYTEST) -m "not nightly" --hypothesis-profile ci $(XDIST)
# The tests start hundreds of processes: a module is compiled once, not by each of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo serve test coverage nightly check format lint types imports documented site dist footprint reference bench bench-drift screenshot lock clean

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# -- running ---------------------------------------------------------------------------------------

demo: $(VENV)/demo.stamp ## Replay a year of real flights and show a model going wrong at http://localhost:8004
	@$(SITE) || echo "Going on without the documentation"
	@exec $(BIN)/assay demo --port $(PORT) $(ARGS)

serve: $(VENV)/demo.stamp ## Start the empty service at http://localhost:8004
	@$(SITE) || echo "Going on without the documentation"
	@exec $(BIN)/assay serve --port $(PORT) $(ARGS)

# -- testing ---------------------------------------------------------------------------------------

test: $(VENV)/dev.stamp site ## Run all tests but the nightly ones
	@$(TEST) $(ARGS)

coverage: $(VENV)/dev.stamp site ## Run them with every line and branch counted, which takes half as long again
	@rm -f .coverage .coverage.*
	@$(TEST) --cov --cov-report=term $(ARGS)

nightly: $(VENV)/dev.stamp ## Run the long simulations and soak runs
	@$(PYTEST) -m nightly --timeout 3600 $(NIGHTLY) $(ARGS)

check: $(VENV)/dev.stamp ## Everything that can be judged without running the product
	@$(MAKE) --keep-going format lint types site imports documented

format: $(VENV)/dev.stamp ## Is the code formatted (fix: make format FIX=1)
	@$(BIN)/ruff format $(if $(FIX),,--check) .

lint: $(VENV)/dev.stamp ## Does the linter agree
	@$(BIN)/ruff check $(if $(FIX),--fix,) .

types: $(VENV)/dev.stamp ## Do the types hold (mypy, strict)
	@$(BIN)/mypy

imports: $(VENV)/dev.stamp ## Do modules import only what lies below them; does a planted violation fail
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/architecture

documented: $(VENV)/dev.stamp ## Are links whole and is every setting, metric, route, command and error described
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/docs -m "not examples"

site: $(VENV)/demo.stamp ## Build the documentation's site, which the server shows at /help; warnings are errors
	@$(SITE)

dist: $(VENV)/dev.stamp site ## Build the wheel and the source archive, the documentation's site included
	@$(BIN)/python -m hatchling build

footprint: $(VENV)/dev.stamp ## Count what an installation brings, and write it into README.md
	@$(BIN)/python scripts/footprint.py --write

reference: $(VENV)/dev.stamp ## Write the tables of docs/reference anew from the code
	@$(BIN)/python scripts/reference.py

bench: $(VENV)/dev.stamp ## Print the figures: rates, latencies, lag, memory
	@$(BIN)/python -m bench $(ARGS)

bench-drift: $(VENV)/dev.stamp ## Judge labelled cases of drift and of none, with the peers beside
	@$(BIN)/python -m bench drift $(ARGS)

screenshot: $(VENV)/dev.stamp ## Take docs/images/first-page.png anew from the page the tests open
	@ASSAY_UPDATE_SCREENSHOTS=1 $(BIN)/python -m pytest -q -m browser tests/dashboard

# -- the environment -------------------------------------------------------------------------------

lock: ## Write requirements/*.txt anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@PYTHON="$${PYTHON:-$$(scripts/find_python.sh)}" scripts/lock.sh $(ARGS)

clean: ## Remove the environment and everything the tools wrote
	rm -rf $(VENV) .cache .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist

$(VENV)/made.stamp:
	@python="$(PYTHON)"; $${python:=$$(scripts/find_python.sh)} -m venv $(VENV)
	@touch $@

$(VENV)/demo.stamp: $(VENV)/made.stamp requirements/demo.txt pyproject.toml
	@echo "Installing what the demo needs (once)"
	@$(PINNED) -r requirements/demo.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/made.stamp requirements/dev.txt pyproject.toml
	@echo "Installing what the tests need (once)"
	@$(PINNED) -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/demo.stamp
