# Unrolled: `make run` serves the app, `make test` runs every test. Both work in a fresh clone.

PYTHON ?= python3
PORT ?= 8501
OPEN ?=
# On Linux plain torch pulls several GB of CUDA libraries, so the CPU build comes first. The index of CPU wheels is an
# extra one and serves that one line, alone with torch (pip asks every index for every package of a line). Where it
# cannot be reached pip goes on without it, after one short retry.
TORCH_PIP_ARGS ?= --extra-index-url https://download.pytorch.org/whl/cpu --retries 1 --timeout 10
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := $(shell grep '^torch==' requirements.txt)
IMAGE ?= unrolled

# Where it is set, each of the four processes that collect the tests would compile every test file anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help port run test browse check format docs bench lessons gallery image clean

help:
	@echo "make run     install into .venv and serve the app at http://localhost:$(PORT) to this machine alone (PORT=… for"
	@echo "             another port; OPEN=1 lets every machine in that reaches this one, under any name or, with"
	@echo "             UNROLLED_HOSTS='name …' in the environment, under those names)"
	@echo "make test    install what the tests need and run them (of the browser's, those that cover most)"
	@echo "make browse  every browser test, those too for which make test has no time"
	@echo "make check   format, lint, types and the fast tests: before every commit"
	@echo "make format  let ruff put the code in shape"
	@echo "make docs    build the pages about the library into build/docs; the app then serves them under /docs"
	@echo "make bench   measure the engine against torch's own layers"
	@echo "make lessons record what the lessons and the first page show, after a change of the engine or of a lesson"
	@echo "make gallery train again what the gallery shows, and fail where a result no longer holds"
	@echo "make image   build the container image '$(IMAGE)'"
	@echo "make clean   remove .venv and all caches; runs under data/ stay"

run: port $(VENV)/.installed
	@echo "Unrolled: http://localhost:$(PORT)   (Ctrl-C ends it)"
	@$(if $(OPEN),$(BIN)/python -m app.address $(PORT),echo "For this machine alone; make run OPEN=1 lets others in.")
	@exec $(BIN)/python -m streamlit run app/main.py --server.port $(PORT) --server.address $(if $(OPEN),0.0.0.0,127.0.0.1)

port:
	@case "$(PORT)" in ''|0*|*[!0-9]*|??????*) false;; *) [ "$(PORT)" -le 65535 ];; esac || { \
	  echo "PORT (=$(PORT)) must be a whole number from 1 to 65535: make run PORT=8502" >&2; exit 1; }

# In the files' own order: those that start servers, few and slow, come early, and nothing waits for them at the end.
# Three files at a time also on two cores, since some wait for servers and clocks. The browser tests come last, two files
# at a time: each drives a server and a browser, which wait for each other.
test: $(VENV)/.installed-dev
	@tests/browser/install $(BIN)/python
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore=tests/browser $(PYTEST_ARGS)
	$(BIN)/python -m pytest -n auto --maxprocesses 2 --dist loadfile -m "not long" $(PYTEST_ARGS) tests/browser

browse: $(VENV)/.installed-dev
	@tests/browser/install $(BIN)/python
	$(BIN)/python -m pytest -n auto --maxprocesses 2 --dist loadfile $(PYTEST_ARGS) tests/browser

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python -m pytest -m "not slow and not browser" $(PYTEST_ARGS)

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

bench: $(VENV)/.installed
	$(BIN)/python -m core bench

lessons: $(VENV)/.installed
	$(BIN)/python -m core lesson record
	$(BIN)/python -m core lesson check

gallery: $(VENV)/.installed
	$(BIN)/python -m core gallery build

image:
	docker build --build-arg TORCH_PIP_ARGS="$(TORCH_PIP_ARGS)" -t $(IMAGE) .

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis tests/browser/pictures
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- installation: a stamp file each, made again when what is required changes -----------------------------------

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(PIP) install -q -r requirements-dev.txt
	@touch $@

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) install -q --no-deps $(TORCH_PIP_ARGS) $(TORCH)
	$(PIP) install -q -r requirements.txt
	$(PIP) install -q --no-deps -e .
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Unrolled needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo missing)." \
	    "Install one, or name it: make $(or $(firstword $(MAKECMDGOALS)),run) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; } || { \
	  echo "$(PYTHON) lacks the venv module. Install it (sudo apt-get install python3-venv) and run make again." >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)
