# make night   set up and run one night through Airflow on simulated feeds
# make test    set up and run style, types and tests
# make help    the rest
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup night test lint types bench bench-city bench-intake bench-features bench-social bench-models bench-limits bench-policies bench-release bench-mart lock readme clean

PYTHON ?= python3
AS_OF ?= 2026-06-30
FEEDS ?= simulated
USERS ?= 20000
SEED ?= 7
DATA ?=
MODEL ?=
FULL ?=
ALL ?=
WRITE ?=
export NIGHTLIST_HOME ?= $(CURDIR)/var
UV_VERSION := 0.13.9
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Without compiled bytecode Airflow and Great Expectations take seconds more at every start.
unexport PYTHONDONTWRITEBYTECODE

help:  ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## make .venv with every version from requirements.lock

# uv installs the stack in a fifth of pip's time; it comes from the registry into .venv itself.
# --system-certs: behind a company's proxy only the system knows the certificates.
$(READY): requirements.lock setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Nightlist needs Python 3.11 to 3.13, found {v[0]}.{v[1]}: make PYTHON=python3.11 …")'
	@echo "setting up .venv (once)"
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --no-deps --editable .
	@touch $@

night: $(READY)  ## a night through Airflow: AS_OF=DATE FEEDS=… DATA=PATH USERS=N SEED=N MODEL=…
	@dags/test_night "$(AS_OF)" "$(FEEDS)" "$(DATA)" "$(USERS)" "$(SEED)" "$(MODEL)"

test: $(READY) lint types  ## style, types and all tests that can run here
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY)  ## style and docstrings
	@$(BIN)/flake8 jobs models expectations dags tests

types: $(READY)  ## static types
	@$(BIN)/mypy jobs models expectations dags

bench: $(READY)  ## seconds and peak memory a stage at 20,000 and 200,000 users; Airflow's share
	@$(BIN)/python tests/bench/night.py

bench-intake: $(READY)  ## rows a second a core of intake beside a plain DuckDB copy
	@$(BIN)/python -m tests.bench.intake

bench-city: $(READY)  ## events a second and memory of the simulated city; FULL=--full for 1 M users
	@$(BIN)/python tests/bench/city.py $(FULL)

bench-features: $(READY)  ## seconds and memory of features beside DuckDB by hand; FULL=--full for 1 M users
	@$(BIN)/python tests/bench/features.py --backfill $(FULL)

bench-social: $(READY)  ## cost of people with 100,000 friends
	@$(BIN)/python tests/bench/social.py

bench-models: $(READY)  ## the PD trainer beside three others on four real credit sets; in a city of known truth
	@$(BIN)/python -m tests.bench.trainers $(FULL)
	@$(BIN)/python -m tests.bench.city_models

bench-limits: $(READY)  ## seconds, memory and gap of limits at 1 M people beside HiGHS and PDLP; FULL=--full for 10 M
	@$(BIN)/python -m tests.bench.limits $(FULL)

bench-policies: $(READY)  ## limits by optimiser, tier matrix, flat and greedy in a city of known truth
	@$(BIN)/python -m tests.bench.policies

bench-mart: $(READY)  ## seconds to load a whitelist into PostgreSQL beside a bare COPY; FULL=--full for 10 M
	@$(BIN)/python -m tests.bench.mart $(FULL)

bench-release: $(READY)  ## seconds and memory of publishing 1 M rows beside plain Parquet; FULL=--full for 10 M
	@$(BIN)/python -m tests.bench.release $(FULL)

lock: $(READY)  ## renew requirements.lock from setup.cfg's ranges
	@$(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --all-extras --upgrade setup.cfg --output-file requirements.lock

upgrade-check: $(READY)  ## try newer versions on the tests, apart from .venv; ALL=1 WRITE=1
	@$(BIN)/python -m tests.upgrade $(if $(ALL),--all) $(if $(WRITE),--write)

readme: $(READY)  ## renew the README's data dictionary and the feeds' pages
	@$(BIN)/nightlist dictionary --write README.md --pages

clean:  ## remove .venv; what nights wrote in var/ stays
	@rm -rf $(VENV)
