# Everything a newcomer needs: Python 3.11 or later with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AUDIT := .venv-audit
STAMP := $(VENV)/.installed
PORT ?= 8080
DATA ?= ./data
PYTEST_ARGS ?=
DOCS_PORT ?= 8000
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs

.DEFAULT_GOAL := help
.PHONY: help install compile plain up test check audit docs fmt bench proto

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## make .venv with everything pinned in requirements/

$(STAMP): pyproject.toml requirements/runtime.txt requirements/dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q accounts api backplane cli http2 migrations router storage
	@touch $@

compile: install ## compile the hot path to C (needs a C compiler)
	@$(BIN)/python -m tools.hot_path compile

plain: install ## remove the compiled modules; compile, up or bench builds them again
	@$(BIN)/python -m tools.hot_path plain

up: install ## run the whole service on this machine (PORT=8080 DATA=./data UP_ARGS=--local)
	@$(BIN)/python -m tools.hot_path compile --if-possible
	$(BIN)/tidings up --port $(PORT) --data $(DATA) $(UP_ARGS)

test: install ## run every test (PYTEST_ARGS="-k name -x")
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: install ## run every check that needs no test: format, lint, types, imports, sizes, generated code, documentation
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m tools.check
	$(MKDOCS) build --strict --quiet

docs: install ## build the documentation's site, and serve it on port 8000 (DOCS_PORT)
	$(MKDOCS) serve --strict --dev-addr 127.0.0.1:$(DOCS_PORT)

audit: install ## look for advisories on what is pinned in requirements/
	@test -x $(AUDIT)/bin/pip-audit || $(PYTHON) -m venv $(AUDIT)
	@test -x $(AUDIT)/bin/pip-audit || $(AUDIT)/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@$(BIN)/python -m tools.audit $(AUDIT)/bin/pip-audit

fmt: install ## format, and fix what ruff can fix by itself
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: install ## compare with Redis and NATS on this machine (about 12 minutes; SCENARIO="publish memory" for some)
	@$(BIN)/python -m tools.hot_path compile --if-possible
	$(BIN)/python -m bench $(if $(SCENARIO),--scenario $(SCENARIO)) $(BENCH_ARGS)

proto: install ## generate the protobuf code again
	$(BIN)/python -m tools.generated_code --write
