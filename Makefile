# Two commands on a fresh machine: make demo, make test. Each sets itself up first.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
WORKERS ?= 2
SPREAD := --dist loadscope

.PHONY: setup demo test coverage fuzz check serve bench docs clean need screenshots
.DEFAULT_GOAL := demo

need:
	@command -v $(PY) >/dev/null 2>&1 || { echo "python3 is missing: sudo apt-get install python3 python3-venv"; exit 1; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is $$($(PY) -V 2>&1): sudo apt-get install python3.11 python3.11-venv, then make PY=python3.11"; exit 1; }
	@$(PY) -c 'import ensurepip, venv' >/dev/null 2>&1 || { echo "python3-venv is missing: sudo apt-get install python3-venv"; exit 1; }
	@command -v git >/dev/null 2>&1 || { echo "git is missing: sudo apt-get install git"; exit 1; }

$(STAMP): requirements/base.txt requirements/dev.txt pyproject.toml | need
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@test -x $(BIN)/python || $(PY) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

setup: $(STAMP)

demo: setup
	$(BIN)/haidang replay yagi-2024 --out out

test: setup
	$(BIN)/python -m pytest -n $(WORKERS) $(SPREAD) -q

coverage: setup
	$(BIN)/python -m pytest -n $(WORKERS) $(SPREAD) -q --cov --cov-report=json:.coverage.json --cov-report=
	$(BIN)/python tests/pure_coverage.py .coverage.json

fuzz: setup
	HAIDANG_FUZZ=$${HAIDANG_FUZZ:-20} $(BIN)/python -m pytest tests -n 2 -q --tb=short -o faulthandler_timeout=0

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/haidang check

serve: demo
	@$(BIN)/haidang serve --out out

bench: setup
	$(BIN)/python -m pytest tests/bench -o norecursedirs=".*" -q --benchmark-columns=min,median,stddev,rounds -p no:xdist

docs: setup
	$(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

screenshots: setup
	$(BIN)/python tests/e2e/screenshots.py

clean:
	rm -rf $(VENV) out site dist .coverage .coverage.json
