# Needs Python 3.11 or newer and make; everything else is brought in by scripts/bootstrap.
#   make up          set up and run: http://localhost:8000 (PORT, COLLAB_DATA_DIR, COLLAB_BIND, COLLAB_DEMO=0)
#   make test        set up and run the whole suite; make test-fast: unit tests and rules
#   make check       formatters, linters, types, import contracts, missing migrations, the model of a delivery, audit
#   make chaos       the fault run: DELIVERIES (2000), FAULTS (100), SEED; exit 1 on a violation
#   make lock        resolve requirements*.in anew; make vendor: fetch the front-end libraries anew
#   make clean       remove caches; the data in var/ and the environment in .venv/ stay

PYTHON ?= python3
BOOTSTRAP = exec $(PYTHON) scripts/bootstrap

.PHONY: up test test-fast check bench chaos lock vendor clean
.DEFAULT_GOAL := up

up:
	@$(BOOTSTRAP) run -- python -m collab.runtime up

test:
	@$(BOOTSTRAP) dev system -- python scripts/test

test-fast:
	@$(BOOTSTRAP) dev -- python scripts/test fast

check:
	@$(BOOTSTRAP) dev model -- python scripts/check

bench:
	@$(BOOTSTRAP) dev -- python -m bench

chaos:
	@$(BOOTSTRAP) dev -- python -m tests.chaos

lock:
	@$(BOOTSTRAP) dev -- python scripts/lock

vendor:
	@$(BOOTSTRAP) dev -- python scripts/vendor

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -path ./.venv -prune -o -path ./var -prune -o -type d -name __pycache__ -exec rm -rf {} +
