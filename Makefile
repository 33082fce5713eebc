# Every target sets up what it needs and says what it does. `make help` lists them.
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help setup run test test-all bench profile lint fmt lock report clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: ## install everything; leaves .venv/bin/fullreserve
	@$(PYTHON) scripts/setup.py run

run: setup ## set up and start the exchange with the demo market
	@exec .venv/bin/fullreserve demo

test: ## all tests but the long ones, printed by part
	@$(PYTHON) scripts/setup.py test
	@.venv/bin/python scripts/test.py

test-all: ## all tests, the long ones too
	@$(PYTHON) scripts/setup.py test
	@FULLRESERVE_LONG=1 .venv/bin/python scripts/test.py --long

bench: ## measure every figure of the README
	@$(PYTHON) scripts/setup.py bench
	@.venv/bin/python -m benchmarks

profile: ## record anew what the compiled code mostly does, for the compiler
	@$(PYTHON) scripts/usual_load.py

lint: ## style alone
	@$(PYTHON) scripts/setup.py test
	@.venv/bin/python scripts/test.py style

fmt: ## format Python and Rust, apply safe lint fixes
	@$(PYTHON) scripts/setup.py test
	@.venv/bin/ruff check --quiet --fix; .venv/bin/ruff format; cargo fmt --all

lock: ## recompile the hash-pinned requirement files
	@$(PYTHON) scripts/setup.py run
	@scripts/lock.sh

report: ## medians of file and function lengths, criteria and the tests that cite them
	@$(PYTHON) scripts/setup.py test
	@.venv/bin/python -m scripts.report

clean: ## remove what set-up and builds made; keeps ./data
	rm -rf .venv .setup target .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -f src/fullreserve/_core*.so
