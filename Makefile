# make demo and make test are all a newcomer needs; everything lives in .venv.
# PYTHON=/path/to/python3 picks the Python for it, PYTEST_ARGS="-k shutter -x" goes to pytest; WORKERS=0 runs the
# tests one after the other.

VENV := .venv
WORKERS := 5
BIN  := $(VENV)/bin
CORE := $(VENV)/.core-installed
DEV  := $(VENV)/.dev-installed
PEERS_INSTALLED := .venv-peers/.installed
# -qq: errors only.
INSTALL := $(BIN)/python -m pip -qq --disable-pip-version-check install -c requirements.lock

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo shell test fault-test crash-test kill-test storm mutants bench lint types contracts check venv lock clean

help:
	@echo "make demo       play the page's scans on a simulated beamline"
	@echo "make shell      a prompt with the same beamline, to scan it yourself"
	@echo "make test       run the tests"
	@echo "make fault-test every fault in every call of every scan, ten minutes; the tests try two fifths of it"
	@echo "make crash-test kill -9 at every write call of a scan, a third of an hour"
	@echo "make kill-test  kill -9 at every call of every scan, ten minutes: the guard closes what is open"
	@echo "make storm      Ctrl-C at random moments of 10,000 scans, a quarter of an hour"
	@echo "make bench      how fast it is: a table, and files in bench/results; PEERS=1: beside another engine"
	@echo "make mutants    break the engine on purpose: the tests must find each break"
	@echo "make check      lint, types, contracts and test"
	@echo "make venv       the environment only, with what developers need"
	@echo "make lock       choose the newest versions anew"
	@echo "make clean      remove the environment and the caches"

demo: $(CORE)
	@$(BIN)/obtura demo

shell: $(CORE)
	@$(BIN)/obtura shell

# What is imported is compiled once, not by each of the thousand processes that the tests start.
test: $(DEV)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --max-worker-restart=0 $(PYTEST_ARGS)

# The engine broken on purpose, one way after the other: some minutes.
mutants: $(DEV)
	@$(BIN)/python tests/engine/mutate.py

# Single faults and pairs of them, in all calls to presets and devices.
fault-test: $(DEV)
	@OBTURA_FAULT_TEST=1 $(BIN)/python -m pytest -n $(WORKERS) tests/engine/test_faults.py tests/engine/test_every_line.py $(PYTEST_ARGS)

# Every write call of a scan: a third of an hour.
crash-test: $(DEV)
	@OBTURA_CRASH_TEST=1 $(BIN)/python -m pytest tests/crash -n 2 $(PYTEST_ARGS)

# Every call to presets, devices, shutters and the guard, before its effect and after.
kill-test: $(DEV)
	@OBTURA_KILL_TEST=1 $(BIN)/python -m pytest tests/engine/test_kill_at_every_call.py -s $(PYTEST_ARGS)

# Signals of another process, one to three in each scan; the tests run 500 of them.
storm: $(DEV)
	@OBTURA_STORM=10000 $(BIN)/python -m pytest tests/engine/test_storm.py $(PYTEST_ARGS)

# CASES="loopscan counters" for some of it; PEERS=1 has bluesky do the same work in turn, in an environment of its own.
bench: $(DEV) $(if $(PEERS),$(PEERS_INSTALLED))
	@$(BIN)/python -m bench $(CASES) $(if $(PEERS),--peers .venv-peers/bin/python)

lint: $(DEV)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(DEV)
	@$(BIN)/mypy

contracts: $(DEV)
	@$(BIN)/lint-imports --no-cache

# One after the other, whatever -j says.
check:
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory contracts
	@$(MAKE) --no-print-directory test

venv: $(DEV)

lock: $(BIN)/python
	@$(BIN)/python tools/lock

clean:
	rm -rf $(VENV) .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find src tests -name __pycache__ -prune -exec rm -rf {} +

$(PEERS_INSTALLED): bench/peers/requirements.lock | $(BIN)/python
	@echo "Installing the engines to compare with in .venv-peers (once)"
	@$(BIN)/python -m venv --clear .venv-peers
	@.venv-peers/bin/python -m pip -qq --disable-pip-version-check install -r $<
	@touch $@

# The stamps say what is installed, so that a second call installs nothing. They are void when the environment's
# interpreter is gone, as after an upgrade of Python.
$(shell test -x $(BIN)/python || rm -f $(CORE) $(DEV))
$(shell test -x .venv-peers/bin/python || rm -f $(PEERS_INSTALLED))

$(BIN)/python:
	@python=$$(PYTHON="$(PYTHON)" tools/find-python) && \
	    echo "Making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)

$(CORE): pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing obtura (once)"
	@$(INSTALL) -e .
	@touch $@

# Compiled is what is imported, then: all of it takes half a minute.
$(DEV): pyproject.toml requirements.lock tools/system-packages tools/simulators tools/simulators.txt | $(BIN)/python
	@echo "Installing obtura and what its developers need (once)"
	@tools/simulators $(VENV) & tools/system-packages; \
	    $(INSTALL) --no-compile -e '.[dev]'; installed=$$?; wait; exit $$installed
	@touch $(CORE) $@
