# The lab kit's targets. `make` lists them; people and CI call the same ones.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STEM ?=
HEADLESS ?=
BUNDLE ?=
WHEELS := .lab/wheels
# With BUNDLE=FILE (see `lab bundle save`) packages come out of that file instead of the network.
OFFLINE := $(if $(BUNDLE),--no-index --find-links $(WHEELS))
export UV_SYSTEM_CERTS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup lab up down test test-fast lint format bench labs slides docs dashboards lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.complete ## Make .venv with everything in it (about a minute, once)

# uv installs four times as fast as pip. Where it cannot reach the index as it is set up here, pip may.
$(VENV)/.complete: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed. Seen: $$($(PYTHON) --version 2>&1)."; \
	  echo "Try: make setup PYTHON=python3.12   (the name of a newer one that you have)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python could not make a virtual environment."; \
	  echo "Try: sudo apt install python3-venv   (Debian, Ubuntu), then make setup"; exit 1; }
	@$(if $(BUNDLE),mkdir -p $(WHEELS) && tar -xf $(BUNDLE) -C .lab wheels)
	@echo "Installing Python packages into $(VENV) ..."
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes $(OFFLINE) -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes $(OFFLINE) $(if $(BUNDLE),--offline) -r requirements.lock || \
	  $(BIN)/python -m pip install --disable-pip-version-check --require-hashes $(OFFLINE) -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@rm -rf $(WHEELS)
	@touch $@

lab: setup ## Start the stack and open JupyterLab on your copies of the labs (HEADLESS=1: no browser)
	@$(BIN)/lab up
	@$(BIN)/lab notebook $(if $(HEADLESS),--no-browser)

up: setup ## Start the stack
	@$(BIN)/lab up

down: setup ## Stop the stack; its data stays
	@$(BIN)/lab down

test: setup lint ## Everything: lint, unit tests, the real stack, every lab
	$(BIN)/pytest -n 2 --dist loadscope

test-fast: setup ## What needs no stack (under a minute)
	$(BIN)/pytest -m "not stack and not slow" -q

lint: setup ## ruff, mypy, and whether generated files are current
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m tools.build_labs --check
	$(BIN)/python -m tools.build_docs --check
	$(BIN)/python -m tools.build_dashboards --check

format: setup ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup ## Measure: start, memory, producer, sink, latency, recovery (ratios, about 20 minutes)
	$(BIN)/python -m tools.bench

labs: setup ## Make labs/*.ipynb from solutions/*.py (STEM=04_kraft: only that one)
	$(BIN)/python -m tools.build_labs $(STEM)

slides: setup ## Make HTML and PDF from slides/*.md in build/slides (needs node and Chromium)
	$(BIN)/python -m tools.build_slides $(STEM)

docs: setup ## Write what is generated from the code: the service table, the command reference
	$(BIN)/python -m tools.build_docs

dashboards: setup ## Make stack/grafana/dashboards/*.json from tools/build_dashboards.py
	$(BIN)/python -m tools.build_dashboards

lock: setup ## Resolve Python packages and Java archives anew and write their hashes
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --no-emit-index-url -q -o requirements.lock
	$(BIN)/python -m tools.lock_jars

clean: ## Delete .venv and what was built; your work and the stack's data stay
	rm -rf $(VENV) build
