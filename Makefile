# Every target makes its own environment in .venv; nothing else needs to be installed
# but Python 3.11-3.13, git and make.
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2

.PHONY: demo test check bench format clean

demo: .venv/installed ## the whole loop on the local IoT Hub, in a temporary clone
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash tests/e2e/demo.sh

test: .venv/installed ## all tests, with the coverage of the pure core
	$(BIN)/pytest -n $(JOBS) --dist loadfile --cov --cov-report=term:skip-covered
	$(BIN)/coverage report --include='edgeops/twin.py,edgeops/stamp.py,edgeops/limits.py,edgeops/fleet/*,edgeops/plan/*' --fail-under=95

check: .venv/installed ## lint, format, types, layers, README, own fleet
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/check_readme.py
	$(BIN)/edgeops validate

bench: .venv/installed ## edgeops beside the plain script, on the local hub
	$(BIN)/python tests/bench/bench_sync.py --devices 1000
	$(BIN)/python tests/bench/bench_mqtt.py
	$(BIN)/python tests/bench/bench_download.py
	$(BIN)/python tests/bench/bench_rollout.py

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .azurite .edgeops build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/installed: pyproject.toml
	@echo 'setting up .venv, once (a minute or so)' >&2
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
