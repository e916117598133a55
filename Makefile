# What a newcomer and a developer need; `make` alone lists the targets.
# Everything is installed into .venv, nothing elsewhere.

# The one place that pins torch. Look at .ci/torch_check.py before changing it.
TORCH  ?= torch==2.13.0
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PYTEST ?= --numprocesses auto

, := ,
VENV := .venv
BIN  := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help quickstart test parts lint types contracts bench clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

quickstart: $(VENV)/.user ## install sailc with its backends, run and rank a first benchmark
	$(BIN)/sailc run examples/quickstart.sail

test: $(VENV)/.dev ## run the tests
	$(BIN)/python -m pytest $(PYTEST)

parts: $(VENV)/.dev ## run the tests that need Debian's and npm's packages
	$(BIN)/python -m pytest -m parts

lint: $(VENV)/.dev ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## check types
	$(BIN)/pyright --pythonpath $(BIN)/python

contracts: $(VENV)/.dev ## check who may import whom
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## print the benchmarks' figures
	@for script in benchmarks/*.py benchmarks/emitted/run.py; do echo "== $$script"; $(BIN)/python $$script || exit; done

clean: ## remove the environment and what the tools left
	rm -rf $(VENV) dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- installing; the stamps make a second `make` do nothing ----------------------------

define install
$(BIN)/python .ci/torch_check.py '$(TORCH)'
@echo 'Installing into $(VENV); the first time takes a few minutes.'
$(BIN)/python -m pip install --quiet '$(TORCH)' --editable '.[$(1)]'
@touch $@
endef

$(VENV)/.user: pyproject.toml Makefile | $(BIN)/pip
	$(call install,torch$(,)jax$(,)lsp$(,)examples)

$(VENV)/.dev: $(VENV)/.user
	$(call install,torch$(,)jax$(,)lsp$(,)examples$(,)dev)

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'SAIL needs Python 3.11 or newer; say which with PYTHON=/path/to/python3.11.'; exit 1; }
	$(PYTHON) -m venv $(VENV)
