# Everything a newcomer needs. Each target sets up what it uses, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
COMPILE = $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 $(ARGS)
ARGS ?=
ONLY ?=
COVERAGE ?=
DIST ?= dist
# The service's own code is compiled too: uncompiled, a start takes three times as long.
export PYTHONDONTWRITEBYTECODE =

# Runs a command, with a dot every two seconds: nobody waits in silence.
DOTS = sh -c '( while sleep 2; do printf . >&2; done ) & dots=$$!; trap "kill $$dots" EXIT; "$$@"' dots

.SILENT:
.PHONY: help run serve install test check sizes format mutants soak several bench load openapi examples graph-model transcripts pictures messages migration lock docs wheel release container clean
.DEFAULT_GOAL := help

help: ## this list
	echo "make TARGET [ARGS=...]   (nothing has to be set up first: Python 3.11 or later"
	echo "                         with venv, make and git are enough)"
	echo
	sed -nE 's/^([a-z-]+):.*## /\1 /p' Makefile | while read -r name what; do echo "$$what" | fold -s -w 67 | \
		while read -r line; do printf '%-12s %s\n' "$$name" "$$line"; name=; done; done

run: $(VENV)/.run ## the demonstration, then a server that keeps running (ARGS="--step" waits before each step, "--once" ends after it)
	trap : INT; $(BIN)/fauxtune demo --report report/report.html $(ARGS) || { code=$$?; [ $$code -eq 130 ] || exit $$code; } # Ctrl-C is no error

serve: $(VENV)/.run ## a server that keeps its data in .fauxtune (ARGS="--open" opens its console in a browser)
	$(BIN)/fauxtune serve $(ARGS)

install: $(VENV)/.run ## only set up the environment, and show the commands to go on with
	echo "Fauxtune is installed in $(VENV). Commands to go on with:"
	echo "  $(BIN)/fauxtune demo --step    # the demonstration: Enter starts each step"
	echo "  $(BIN)/fauxtune serve --open   # a server that keeps its data in .fauxtune, and its console in a browser"
	echo "  $(BIN)/fauxtune --help         # everything else"

# The rules, every collection of Graph, and a device's whole life on each platform; on SQLite, with few examples.
LIFE = test_a_device_takes_what_is_meant_for_it_and_gives_it_back
FAST_TESTS = tests/core tests/families $(foreach each,apple windows,tests/journeys/test_$(each)_devices.py::$(LIFE)) \
	tests/journeys/test_removal.py::test_each_mode_of_android_is_a_device_of_its_own_and_leaves_in_its_own_way

test: $(VENV)/.test ## all tests, on SQLite and PostgreSQL (ARGS go to pytest; FAST=1 takes a minute; COVERAGE=1 measures which code ran)
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadscope --no-loadscope-reorder \
		$(if $(FAST),-k "not postgresql" --hypothesis-profile few $(FAST_TESTS)) \
		$(if $(COVERAGE),--cov --cov-report=term:skip-covered) $(ARGS)

check: $(VENV)/.test ## format, lint, types, import rules, sizes: everything that is checked without running the program
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q -p no:randomly tests/repository/test_sizes.py

sizes: $(VENV)/.test ## how much there is to hold: lines, hidden imports, circles (ARGS="--json", ARGS="--list circles")
	$(BIN)/python -m tests.repository.sizes $(ARGS)

format: $(VENV)/.test ## format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

mutants: $(VENV)/.test ## break the product's rules one by one, in a copy, and show that a test notices each (ARGS="--only WORD")
	$(BIN)/python -m tests.mutants $(ARGS)

# Modules of which each run tries a part of the cases, or on one database, and `make soak` all.
SAMPLED = tests/operations $(shell grep -rlE "support.soak import|mark.both_in_soak" tests --include="test_*.py")

soak: $(VENV)/.test ## kill workers, their parent and PostgreSQL, delete tenants, watch memory, attack mailboxes and every operation, try all cases of which `make test` tries some, far more than `make test` does (KILLS=300 DELETIONS=50 ENDS=20 MINUTES=20 MAIL=30 EXAMPLES=12)
	SOAK_KILLS=$(or $(KILLS),300) SOAK_WORKERS=4 $(BIN)/python -m pytest -q -n0 -s --timeout 3600 -k killed_workers tests/journeys/test_several_processes.py
	SOAK_DELETIONS=$(or $(DELETIONS),50) $(BIN)/python -m pytest -q -n0 --timeout 3600 -k deleted_under_load tests/journeys/test_ends_under_load.py
	SOAK_ENDS=$(or $(ENDS),20) SOAK_MINUTES=$(or $(MINUTES),20) SOAK_GROWTH=16 $(BIN)/python -m pytest -q -n0 -s --timeout 3600 tests/journeys/test_soak.py
	SOAK_MAIL=$(or $(MAIL),30) $(BIN)/python -m pytest -q -n0 -s tests/journeys/test_mail_campaign.py
	SOAK_EXAMPLES=$(or $(EXAMPLES),12) $(BIN)/python -m pytest -q -n0 tests/interop/test_schemathesis.py
	SOAK_ALL=1 $(BIN)/python -m pytest -q -n auto --dist loadscope $(SAMPLED) # whatever names tests/support/soak.py
	$(MAKE) test COVERAGE=1 # fails below the floor in pyproject.toml

several: $(VENV)/.test ## the stories on several processes that share a PostgreSQL (WORKERS=4, ARGS=files)
	JOURNEY_WORKERS=$(or $(WORKERS),4) $(BIN)/python -m pytest -n1 $(or $(ARGS),tests/journeys)

bench: $(VENV)/.test ## the benchmarks, as ratios against a floor measured in the same run (ONLY=name for one row)
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

load: $(VENV)/.test ## what a great fleet takes (DEVICES=10000 PROCESSES=2; WORKERS=2: several on PostgreSQL; ARGS="--rate 200 --again 20")
	$(BIN)/python -m bench.campaign --devices $(or $(DEVICES),10000) --processes $(or $(PROCESSES),2) --workers $(or $(WORKERS),0) $(ARGS)

openapi: $(VENV)/.run ## write openapi/*.json and the generated pages of docs
	$(BIN)/fauxtune openapi --out openapi --coverage docs/coverage.md --removal docs/removal.md \
		--diagnosis docs/diagnosis.md --editions docs/editions.md --mail-apps docs/mail-apps.md --states docs/states.md \
		--faults docs/faults.md --labs docs/labs.md --settings docs/settings.md

examples: $(VENV)/.test ## record the answers that openapi/graph.json has as examples again
	FAUXTUNE_RECORD=1 $(BIN)/python -m pytest -q tests/surfaces/graph/test_examples.py
	$(MAKE) openapi

graph-model: $(VENV)/.test ## what newer SDKs of Microsoft add to the table of Graph's types (app/fauxtune/core/graph/types.txt)
	$(BIN)/python -m tests.interop.sdk_models

transcripts: $(VENV)/.test ## run the commands of docs/devices.md and write what they print into the page
	$(BIN)/python -m tests.interop.transcripts docs/devices.md

pictures: $(VENV)/.test ## draw the rooms in docs/architecture.md and the lessons, photograph the console (ARGS="--pages FOLDER": every page of it)
	$(BIN)/python -m tests.repository.pictures docs/architecture.md
	$(BIN)/python -m tests.browser.pictures $(ARGS)

messages: $(VENV)/.test ## bring the catalogues of translations up to date with the code (app/fauxtune/core/language)
	$(BIN)/python -m tests.repository.messages

migration: $(VENV)/.run ## the schema of a new SQLite file, and a new migration from the difference between tables and database (MESSAGE="what changed")
	$(BIN)/python -m fauxtune_migrations "$(MESSAGE)"

lock: $(VENV)/.uv ## resolve pyproject.toml into the lock files; pins stay (ARGS="--upgrade" takes the newest)
	$(COMPILE) pyproject.toml --group build -o requirements.lock
	$(COMPILE) pyproject.toml --group build --extra test --extra foreign --extra docs --extra release -c requirements.lock -o requirements-test.lock
	echo uv | $(COMPILE) - -o requirements-uv.lock

docs: $(VENV)/.test ## the site, in site/: open site/index.html (ARGS="--site-dir FOLDER" writes it elsewhere)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build $(ARGS)

wheel: $(VENV)/.run ## the wheel and the source archive, in dist (pip install dist/*.whl)
	rm -rf $(DIST)
	$(BIN)/python -m hatchling build -d $(DIST)

release: $(VENV)/.test ## wheel, source archive, bill of materials and licences of the commit, checked, in dist (VERSION=0.3.0; docs/releasing.md)
	$(BIN)/python -m tests.repository.release "$(VERSION)" $(DIST)

container: ## carry out the Containerfile without an engine, measure what it makes, and run that (needs root)
	.ci/container

clean: ## delete the environment, every cache, the server's data (.fauxtune) and the report of `make run`
	rm -rf .venv .venv-* dist site .coverage .fauxtune report .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.uv: requirements-uv.lock
	echo "Setting up $(VENV): once, 20 to 60 seconds, longer on a slow line" >&2
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later, please: make PYTHON=python3.12 ...")'
	$(PYTHON) -c 'import ensurepip' || { echo "Python lacks its venv module: apt-get install python3-venv" >&2; exit 1; }
	printf "  1/4 a virtual environment " >&2
	$(DOTS) $(PYTHON) -m venv $(VENV)
	printf "\n  2/4 uv, the installer " >&2
	$(DOTS) $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-uv.lock
	echo >&2
	touch $@

$(VENV)/.run: $(VENV)/.uv requirements.lock pyproject.toml
	printf "  3/4 $$(grep -c '^[a-z]' requirements.lock) packages, downloaded and compiled " >&2
	$(DOTS) $(UV) pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	printf "\n  4/4 Fauxtune itself " >&2
	$(DOTS) $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(DOTS) $(BIN)/python -m compileall -q app simulator migrations
	echo >&2
	touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.lock
	printf "  and what the tests need: $$(grep -c '^[a-z]' requirements-test.lock) packages, a minute or two " >&2
	$(DOTS) $(UV) pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-test.lock
	echo >&2
	touch $@
