# One virtual environment, .venv, holds everything; every target that needs it makes it first.

PYTHON ?= python3
PORT ?= 8000

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile

.DEFAULT_GOAL := help
.PHONY: help setup serve test test-slow typescript lint contract fuzz kill-rate diff-self diff-planted verify-real rules bench bench-scale hostile corpus sdk-suites inference-score build package-check docs browser screenshots lock clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 25

setup: $(STAMP) ## .venv with everything for development
	@echo "$(VENV) is ready"

# Made again only when what is installed changes. The lock names every package, so pip has
# nothing to resolve; the project itself is built with the hatchling that the lock brings.
# Python compiles what it imports; compiling all of it here takes 20 seconds more. What the server
# imports is compiled, which counts where Python is told to write no bytecode.
$(STAMP): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "mockserver needs Python 3.11 or later as '$(PYTHON)'; name another: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' can't make a virtual environment: install its venv module (Debian: apt install python3-venv)" >&2; exit 2; }
	@echo "Installing the packages of requirements-dev.txt and mockserver into $(VENV)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(PIP_INSTALL) -r requirements-dev.txt
	$(PIP_INSTALL) --no-build-isolation --editable .
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q mockserver
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'from mockserver import MockServer; import mockserver.server.multi; MockServer().client.get("/")'
	@touch $@

serve: $(STAMP) ## the Feather mock on http://127.0.0.1:8000 (PORT=... another port)
	@exec $(BIN)/mockserver serve --port $(PORT)

# Tests start many processes. Where Python is told to write no bytecode, each of them would compile
# all that it imports: a third of the processor time.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

test: $(STAMP) ## every test but the slow ones (ARGS=... for pytest)
	$(PYTEST) -n 2 $(ARGS)

test-slow: $(STAMP) ## the slow tests: long barrages, kills, whole judgements
	$(PYTEST) -n 2 -m slow tests $(ARGS)

typescript: $(STAMP) ## the tests of clients/typescript (needs Node 20)
	@command -v npm >/dev/null || { echo "make typescript needs Node 20 and npm" >&2; exit 2; }
	cd clients/typescript && npm ci --no-audit --no-fund --loglevel=error && npm run --silent check && \
	  MOCKSERVER_COMMAND="$(CURDIR)/$(BIN)/python -m mockserver" npm test --silent

lint: $(STAMP) ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

contract: $(STAMP) ## the contract suite on the mock (BASE_URL=... API_KEY=... on a sandbox)
	CONTRACT_BUDGET=full CONTRACT_REPORT=contract-report $(PYTEST) contract_tests -p no:randomly $(ARGS)

fuzz: $(STAMP) ## a long, polite fuzz: STAGING_URL=... STAGING_API_KEY=... (ARGS=--dry-run)
	$(BIN)/mockserver fuzz --report-dir fuzz-report $(ARGS)

kill-rate: $(STAMP) ## how many planted faults are found, beside stock Schemathesis
	$(BIN)/python -m bench.kill_rate $(ARGS)

diff-self: $(STAMP) ## a mock against itself: false alarms of mockserver diff (ARGS=--spec ...)
	$(BIN)/python -m bench.diff_self $(ARGS)

diff-planted: $(STAMP) ## how many planted divergences mockserver diff finds
	$(BIN)/python -m bench.diff_planted.run $(ARGS)

verify-real: $(STAMP) ## test, fuzz, diff and calibrate on real services (installs them; ARGS="kinto --part test")
	$(BIN)/python -m bench.verify_real.run --write $(ARGS)

rules: $(STAMP) ## which test shows which behaviour rule
	$(BIN)/python -m tests.rules -n 2 $(ARGS)

bench: $(STAMP) ## ratios against peers, in one run
	$(BIN)/python bench/run.py $(ARGS)

bench-scale: $(STAMP) ## worlds in Redis beside worlds in memory; writes docs/scale.md (needs redis-server and wrk)
	$(BIN)/python bench/scale.py --write $(ARGS)

hostile: $(STAMP) ## a million hostile requests, and requests that grow; writes docs/benchmarks.md
	PYTHONPATH=. $(BIN)/python bench/hostile.py --all --requests 1000000 --write $(ARGS)

corpus: $(STAMP) ## inference on 200 real documents (ALL=1 every one; needs npm)
	$(BIN)/python -m bench.corpus.run $(ARGS)

inference-score: $(STAMP) ## labelled expectations over real documents (ARGS=--show-misses; needs npm)
	$(BIN)/python -m bench.inference_score $(ARGS)

sdk-suites: $(STAMP) ## vendors' own client suites against Steady, Prism and this mock (needs npm)
	$(BIN)/python -m bench.sdk_suites.run $(ARGS)

build: $(STAMP) ## wheel and sdist in dist/
	$(BIN)/hatchling build

browser: $(STAMP) ## Playwright, for the tests of the dashboard (they need Debian's chromium too)
	$(PIP_INSTALL) -r requirements-browser.txt

screenshots: browser ## the pictures in docs/images
	$(BIN)/python -m tests.server.screenshots
	$(BIN)/python docs/_site/terminal.py

package-check: build ## the wheel in a new environment from the package index, and the README's test in it
	$(BIN)/python -m tests.package_check

# Mermaid, so that the site needs nothing from elsewhere; without npm diagrams are shown as source.
MERMAID := .cache/docs/package/dist/mermaid.min.js
$(MERMAID):
	@mkdir -p .cache/docs && cd .cache/docs && npm pack --silent mermaid@11 >/dev/null && tar xzf mermaid-11*.tgz \
	  package/dist/mermaid.min.js || echo "no npm: diagrams are shown as source" >&2

docs: $(STAMP) $(MERMAID) ## the documentation as a site in site/
	$(BIN)/python docs/_site/llms.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: ## pin the newest versions that fit in requirements-dev.txt (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 2; }
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
	  --upgrade --quiet --custom-compile-command 'make lock' --output-file requirements-dev.txt
	uv pip compile --group browser --universal --python-version 3.11 \
	  --upgrade --quiet --custom-compile-command 'make lock' --output-file requirements-browser.txt

clean: ## remove what the other targets made
	rm -rf $(VENV) dist site .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
