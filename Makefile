# Needs python3 >= 3.11, make and a package registry; everything else goes into .venv.
# ARGS passes options on: make demo ARGS=--fresh, make test ARGS="-k undo -x".

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never $(BIN)/uv --quiet
RUN_STAMP := $(VENV)/.ready-to-run
DEV_STAMP := $(VENV)/.ready-to-develop

# a checkout's own bytecode: without it every process of the tests would compile everything anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint bench soak clean

help:
	@echo "make demo   simulated marketplaces, the bot and its page: no keys needed"
	@echo "make test   the tests"
	@echo "make lint   style, types, and which module may import which"
	@echo "make bench  how quick it is and how much memory it takes, beside a raw baseline"
	@echo "make soak   the long tests"
	@echo "make clean  removes .venv and what was built; your data stays"

demo: $(RUN_STAMP)
	@$(BIN)/botcore demo $(ARGS)

test: $(DEV_STAMP)
	@$(with_browser) $(BIN)/pytest -m "not soak" -n auto --dist worksteal $(ARGS)

soak: $(DEV_STAMP)
	@$(with_browser) $(BIN)/pytest -m soak $(ARGS)

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(DEV_STAMP)
	@$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# What is needed to run, and nothing else: a first start should be quick.
$(RUN_STAMP): pyproject.toml uv.lock | $(BIN)/uv
	@echo "Installing what botcore needs into $(VENV)"
	@$(call install,--no-dev)
	@touch $@

$(DEV_STAMP): pyproject.toml uv.lock | $(BIN)/uv
	@echo "Installing what botcore and its tests need into $(VENV)"
	@$(call install,--all-extras)
	@$(BIN)/pytest --collect-only --quiet >/dev/null || true  # compiles all once, and not each worker of the first run anew
	@touch $(RUN_STAMP) $@

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "botcore needs Python 3.11 or newer: install it, or name one, such as: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# The lock names the files of PyPI; where another index is set, the same versions, with their hashes, come from there.
define install
index="$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null)}}}"; \
if [ -z "$$index" ]; then \
	$(UV) sync --frozen --inexact $(1); \
else \
	export UV_DEFAULT_INDEX="$$index" VIRTUAL_ENV="$(CURDIR)/$(VENV)" && \
	$(UV) export --frozen --no-emit-project $(1) --output-file $(VENV)/requirements.txt && \
	$(UV) pip install --require-hashes --requirement $(VENV)/requirements.txt && \
	$(UV) pip install --no-deps --editable .; \
fi
endef

# The system's Chromium, else one that Playwright fetches, else the browser tests are skipped; not so where CI is true.
define with_browser
if ! { [ -n "$$BOTCORE_CHROMIUM" ] || command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then \
	PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT=10000 $(BIN)/playwright install chromium >$(VENV)/playwright.log 2>&1 || \
	if [ "$$CI" = true ]; then \
		echo "No Chromium, and Playwright could not fetch one (see $(VENV)/playwright.log): apt install chromium"; exit 1; \
	else \
		echo "NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED. To run them: apt install chromium"; \
	fi; \
fi;
endef
