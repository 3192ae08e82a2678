# `make help` lists what there is. Every target works from a fresh clone with Python 3.11 or newer.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two cores, and many tests that wait: four processes share the files, in the order in which they are found.
SHARED := -n 4 --dist loadfile --no-loadscope-reorder
MEASURED = PYTHONPATH="$(CURDIR)/tests/measured" MEASURED_INTO="$(CURDIR)/.coverage"
# What is compiled is kept, also where an image forbids it: the tests start some hundred processes.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo check test compiled bench chaos storms day pictures caniemail lint types walls unit format reference languages lock wheel clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/demo ## Decline a renewal, mail its link, pay it, all on this machine
	@$(BIN)/dunning demo --once

# While types are checked, the other core compiles the tests and marks what is measured: not once in each process.
compiled:
	@$(MEASURED) $(BIN)/pytest -q --collect-only > .coverage/collected || (cat .coverage/collected && false)

check: lint types walls ## Run every check, and the tests of the pure part: what to run after each change
	$(BIN)/pytest -q $(SHARED) tests/unit

test: $(VENV)/dev ## Run every check and every test, with coverage
	@rm -rf .coverage .coverage.* && mkdir .coverage
	@$(MAKE) --no-print-directory -j 2 --output-sync=target lint types walls compiled
	$(MEASURED) $(BIN)/pytest $(SHARED)
	@$(BIN)/python -m tests.measured.report .coverage

chaos: $(VENV)/dev ## Cut, stall and kill everything everywhere, and write what came of it into docs/reliability.md
	CHAOS=long $(BIN)/pytest tests/chaos

storms: $(VENV)/dev ## Play storms of faults for an hour, and write what came of them into docs/reliability.md
	$(BIN)/python -m tests.storms --minutes 60 --write

day: $(VENV)/dev ## Play a day of traffic in some minutes, and write whether anything grew into docs/reliability.md
	$(BIN)/python -m tests.long_run --write

pictures: $(VENV)/dev ## Keep a picture of every mail, page and screen in pictures/, by day and by night, narrow and wide
	@mkdir -p pictures
	PICTURES=pictures $(BIN)/pytest -q tests/integration/test_seen_browser.py -k every_language
	PICTURES=pictures $(BIN)/pytest -q tests/integration/test_screen_pages_browser.py

caniemail: $(VENV)/dev ## Install what caniemail.com knows of mail programs, for the test that reads it (needs npm)
	npm install --silent --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000 --prefix $(VENV)/caniemail caniemail@1.0.5

unit: $(VENV)/dev ## Run the tests of the pure part only: a few seconds
	$(BIN)/pytest tests/unit

bench: $(VENV)/dev ## Measure what it costs, in some two hours (ONLY="accept jobs": those parts, in minutes)
	@$(BIN)/python -m bench $(ONLY)

lint: $(VENV)/dev ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/dev ## Check types
	$(BIN)/mypy

walls: $(VENV)/dev ## Check who may import whom
	$(BIN)/lint-imports

format: $(VENV)/dev ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

reference: $(VENV)/dev ## Write docs/reference.md from the code
	$(BIN)/python -m tests.reference

languages: $(VENV)/dev ## Bring the catalogs of all languages up to date (TAG=fi: that one, or begin it)
	$(BIN)/python -m dunning.language.update $(TAG)

lock: $(VENV)/dev ## Choose dependency versions anew, within pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
	  --python-version 3.11 --extra alerts --extra demo --group build --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
	  --python-version 3.11 --extra alerts --extra up --constraint requirements.lock \
	  --output-file requirements-image.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --upgrade \
	  --python-version 3.11 --extra alerts --extra demo --group build --group dev --constraint requirements.lock \
	  --output-file requirements-dev.lock pyproject.toml

wheel: $(VENV)/dev ## Build the distribution into dist/
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Remove the environment and everything built
	rm -rf $(VENV) dist build .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Dunning needs Python 3.11 or newer; this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
