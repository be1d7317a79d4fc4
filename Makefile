# Two commands matter: `make run` opens the dashboard, `make test` checks everything. A lone `make` lists them all.

.DEFAULT_GOAL := help

# The first Python on the path that will do. Another one: make run PYTHON=/opt/python3.12/bin/python
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && exit; done; echo python3)
endif

BIN := .venv/bin

# The same versions either way. uv, where there is one, is faster; it leaves compiling to the first start unless told.
UV := $(shell command -v uv 2>/dev/null)
ifdef UV
PIP := "$(UV)" pip install --python $(BIN)/python --compile-bytecode
else
PIP := $(BIN)/python -m pip install --disable-pip-version-check
endif
PIP += --constraint constraints.txt

# How many processes run tests: `auto` is a core each and one more, see tests/conftest.py. Other numbers: make test WORKERS=1
WORKERS := auto
PARALLEL = --numprocesses $(WORKERS) --maxprocesses 4

# Python's memory in huge pages where Linux offers them, as `core.hardware.huge_pages` has it: faster, most in virtual machines
HUGE := $(shell grep -qsv '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled \
	&& echo env PYTHONMALLOC=malloc GLIBC_TUNABLES=glibc.malloc.hugetlb=1)

.PHONY: help
help:  ## Print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

.PHONY: setup
setup: .venv/installed  ## Create .venv and install the pinned packages; again only when they changed

.PHONY: run
run: setup  ## Open the dashboard
	$(HUGE) $(BIN)/streamlit run dashboard/app.py

.PHONY: class
class: setup  ## Open the dashboard to a class on your network
	BACKBONE_LAB_MODE=class $(HUGE) $(BIN)/streamlit run dashboard/app.py --server.address 0.0.0.0 --server.headless true

.PHONY: test
test: .venv/installed-test chromium  ## Run every test: about 20 minutes on 2 cores; browser tests need Chromium, Chrome or Edge
	$(HUGE) $(BIN)/python -m pytest $(PARALLEL)

.PHONY: test-fast
test-fast: WORKERS := logical
test-fast: .venv/installed-test  ## Run pure functions and contracts: a minute on 2 cores
	$(HUGE) $(BIN)/python -m pytest $(PARALLEL) -m "not slow and not browser" \
		--ignore tests/browser --ignore tests/load --ignore tests/pages

.PHONY: test-recipes
test-recipes: .venv/installed-test  ## Run every recipe on every architecture, and all else that make test samples: an hour
	$(HUGE) $(BIN)/python -m pytest $(PARALLEL) --dist worksteal -m exhaustive

.PHONY: test-transformers
test-transformers: .venv/installed-test  ## Compare vision transformers and HGNetV2 with Hugging Face's Transformers, which this installs apart: 2 GB
	$(PYTHON) -m venv .venv/transformers
	.venv/transformers/bin/python -m pip install --disable-pip-version-check --quiet torch==2.13.0 transformers==5.24.0
	TRANSFORMERS_PYTHON=.venv/transformers/bin/python $(BIN)/python -m pytest -n 0 -m exhaustive \
		tests/core/backbones/hub/test_transformers.py tests/core/backbones/hgnetv2/test_transformers.py

.PHONY: test-bad-input
test-bad-input: .venv/installed-test  ## Try 5,000 values of runs, maps and addresses: half an hour
	EXAMPLES=5000 $(HUGE) $(BIN)/python -m pytest -n 0 tests/core/test_bad_input.py \
		tests/dashboard/state/test_any_address.py tests/pages/test_any_address.py

.PHONY: lint
lint: .venv/installed-test  ## Check style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

.PHONY: bench
bench: setup  ## Measure extraction and probes against their references
	$(HUGE) $(BIN)/python -m core bench extract
	$(HUGE) $(BIN)/python -m core bench probe

# Debian's Chromium, where there is no browser and we may install one. Where we may not, pytest says what it left out.
.PHONY: chromium
chromium: .venv/installed-test
	@if ! $(BIN)/python tests/browser/browsers.py && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq --yes --no-install-recommends chromium fonts-liberation >/dev/null \
			|| echo "Chromium could not be installed"; \
	fi

.venv/installed: requirements.txt constraints.txt
	@$(PYTHON) -c '$(SUPPORTED)' || { echo "Backbone Lab needs Python 3.11, 3.12 or 3.13. Found: $(PYTHON)," \
		"`$(PYTHON) --version 2>&1`. Name another one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Installing the packages into .venv: a few minutes, the first time"
	@$(PYTHON) -m venv .venv
	@$(PIP) --requirement requirements.txt
	@touch $@

.venv/installed-test: .venv/installed requirements-test.txt
	@$(PIP) --quiet --requirement requirements-test.txt
	@touch $@
