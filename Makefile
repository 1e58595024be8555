# Two commands for a newcomer: make demo, make test. Each sets itself up (scripts/setup).
SHELL := /bin/bash
BIN := .venv/bin

.PHONY: demo test check fmt setup render clean

demo: ; @scripts/setup demo && $(BIN)/edgeguard demo
test: ; @scripts/setup dev && $(MAKE) --no-print-directory check

setup: ; @scripts/setup dev

check: ## format, lint, types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 # two processes with as many threads each would wait for one another

fmt:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

render: ; $(BIN)/python scripts/render

clean: ; rm -rf .venv build dist
