# make run | test | lint | bench | prove — each brings what it needs.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
  $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
CHROMIUM := /usr/bin/chromium
FIREFOX := /usr/bin/firefox-esr
VALIDATOR := 26.9.27
POSTGRESQL_15 := /usr/lib/postgresql/15/bin/initdb
CODE := $(wildcard campana handlers main.py)

# Without PostgreSQL 15 its tests are left out, and it is said; where CAMPANA_TEST_PG15=on they fail.
export CAMPANA_TEST_PG15 ?= $(if $(wildcard $(POSTGRESQL_15)),on,off)

.PHONY: help run test test-15 lint bench prove screenshots clean

help: ## this list
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 14

run: .venv/runtime.stamp ## serve it with demo data on http://127.0.0.1:8080
	CAMPANA_DEMO=1 $(PY) main.py serve

test: .venv/development.stamp .venv/browser.stamp ## all tests, in a real browser too
	@[ "$$CAMPANA_TEST_PG15" != off ] || echo 'Without $(POSTGRESQL_15): tests on PostgreSQL 15 are left out.'
	@command -v firefox-esr firefox >/dev/null || echo 'Without firefox-esr: nothing is tried in Firefox.'
	$(PY) -m pytest -m 'not prove'

test-15: .venv/development.stamp ## the corridor, routes and businesses once more, on PostgreSQL 15
	CAMPANA_TEST_SERVER_BIN=$(dir $(POSTGRESQL_15)) $(PY) -m pytest -m 'not prove' tests/corridor tests/handlers tests/domains

lint: .venv/development.stamp ## format, mistakes, types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy $(CODE)

bench: .venv/development.stamp ## how fast it is, beside its peers
	$(PY) -m bench

prove: .venv/development.stamp .venv/browser.stamp build/validator.stamp ## chaos, load, proxies, security, valid pages
	$(PY) -m pytest -m prove

screenshots: .venv/development.stamp .venv/browser.stamp ## pictures of all pages and components, in build/screenshots
	$(PY) -m pytest -m prove tests/browser/test_pages.py -k pictures

clean: ## remove the virtual environment; data under var/ stays
	rm -rf .venv

.venv/bin/python:
	@[ -n '$(PYTHON)' ] || { echo 'Python 3.11 or newer with its venv module is needed (Debian: python3-venv).' >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime.stamp: requirements.txt | .venv/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/development.stamp: requirements-dev.txt .venv/runtime.stamp
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

build/validator.stamp:
	@mkdir -p build/node
	@if command -v npm >/dev/null; then npm install --silent --no-save --prefix build/node vnu-jar@$(VALIDATOR); \
	else echo 'Without npm no page is validated.'; fi
	@touch $@

.venv/browser.stamp: .venv/development.stamp
	@if [ -x $(CHROMIUM) ] && [ -x $(FIREFOX) ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && apt-get install -y --no-install-recommends chromium firefox-esr; \
	elif [ ! -x $(CHROMIUM) ]; then $(PY) -m playwright install chromium; fi
	@touch $@
