# make demo | test | lint | types | docs | bench: each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
APP_PORT ?= 5000
SANDBOX_PORT ?= 8025
# one more than cores: browsers and servers are waited for
WORKERS ?= 3
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help demo test pictures lint types docs bench bench-sandbox bench-delivery fuzz browser servers node clean

help:
	@echo "make demo   run the example app and the SMS sandbox (APP_PORT, SANDBOX_PORT)"
	@echo "make test   run the whole suite, browser included"
	@echo "make lint types docs bench bench-sandbox bench-delivery fuzz"

$(VENV)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is $$($(PYTHON) -V): say make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: on Debian and Ubuntu run apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/demo: $(VENV)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	@touch $@

$(VENV)/dev: $(VENV)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,docs]'
	@touch $@ $(VENV)/demo

# exec: the shell steps aside, so that Ctrl-C and kill reach the program itself
demo: $(VENV)/demo
	@exec env APP_PORT=$(APP_PORT) SANDBOX_PORT=$(SANDBOX_PORT) $(BIN)/python -m example_app

browser:
	@sh tests/install_browser.sh

servers: $(VENV)/dev
	@sh tests/install_servers.sh $(BIN)/python

node:
	@sh tests/install_node_sdks.sh

# what is compiled is kept: the tests start our programs more than a hundred times
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/dev browser servers node
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

# the pictures of README, made by the same run that checks the pages
pictures: $(VENV)/dev browser
	PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/journeys -k every_page_is_accessible

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/dev
	$(BIN)/mypy

docs: $(VENV)/dev
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

bench: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks $(BENCH)

bench-sandbox: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.sandbox $(BENCH)

bench-delivery: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.delivery $(BENCH)

# each target for so long; an input that breaks one is written to .fuzz, and is kept in tests/phoneauth/test_fuzz.py
fuzz: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@mkdir -p .fuzz
	@for target in number code next receipt; do \
		$(BIN)/python tests/fuzz/run.py $$target -max_total_time=$(FUZZ_SECONDS) -timeout=5 -max_len=400 -artifact_prefix=.fuzz/ || exit 1; \
	done

clean:
	rm -rf $(VENV) docs/_build .demo .fuzz
