# Every target first makes the environment if it is missing. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# An explicit PYTHON has its own stamp, so that it replaces an environment of another Python.
CHOSEN := $(filter-out default file,$(origin PYTHON))
STAMP := $(VENV)/installed$(if $(GPU),-gpu)$(if $(CHOSEN),-$(notdir $(PYTHON)))
REQUIREMENTS := $(if $(GPU),requirements-gpu.txt,requirements.txt)
APPS := $(notdir $(patsubst %/train.py,%,$(wildcard apps/*/train.py)))
app = $(if $(filter $(1),$(APPS)),,$(error there is no app "$(1)": choose one of $(APPS)))
SETS := $(notdir $(patsubst %/,%,$(dir $(wildcard data/*/*_dataset_builder.py))))
set = $(if $(filter $(1),$(SETS)),,$(error there is no data set "$(1)": choose one of $(SETS)))
# TEXT, RUN, OUT and PRESET as they were typed: $5 and $(date) in them are plain text.
# An empty TEXT counts if it was typed; make itself exports one to the commands it runs.
GIVEN := $(if $(value TEXT),yes,$(filter command,$(origin TEXT)))
override TEXT := $(value TEXT)
override RUN := $(value RUN)
override OUT := $(value OUT)
override PRESET := $(value PRESET)
export TEXT RUN OUT PRESET

.PHONY: help setup test test-faults lint bench
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18
	@echo "Apps: $(APPS)"

setup: $(STAMP)  ## create .venv and install (GPU=1: with CUDA; PYTHON=python3.12: another Python)

$(STAMP): requirements.txt $(REQUIREMENTS)
	@$(PYTHON) -c 'import sys; v = sys.version_info; (3, 10) <= v[:2] <= (3, 13) or sys.exit("error: TensorFlow has no wheels for Python %d.%d, choose 3.10 to 3.13: make setup PYTHON=python3.12" % v[:2])'
	@new=$$($(PYTHON) -c 'import sys; print(sys.version_info[:2])'); \
	old=$$($(PY) -c 'import sys; print(sys.version_info[:2])' 2>/dev/null); \
	if [ -z "$$old" ] || { [ -n "$(CHOSEN)" ] && [ "$$old" != "$$new" ]; }; then \
		echo "making $(VENV) with Python $$new"; $(PYTHON) -m venv --clear $(VENV); fi
	@echo "installing $(REQUIREMENTS) (TensorFlow alone has some 600 MB)"
	@$(PY) -m pip install -q --disable-pip-version-check -r $(REQUIREMENTS)
	@touch $@

data-%: $(STAMP)  ## prepare a data set, such as data-bible (ARGS="--config kjv-web")
	$(call set,$*)
	@$(PY) -m data $* $(ARGS)

train-%: $(STAMP)  ## train an app, such as train-translate; the same command resumes (PRESET=, RUN=folder, ARGS="--field value", WORKERS=2)
	$(call app,$*)
	@$(PY) -m $(if $(WORKERS),common.workers $(WORKERS) )apps.$*.train $${PRESET:+"$$PRESET"} $${RUN:+--run-dir "$$RUN"} $(ARGS)

evaluate-%: $(STAMP)  ## score a run on its test split (RUN=, the newest by default)
	$(call app,$*)
	@$(PY) -m apps.$*.evaluate "$${RUN:-latest}" $(ARGS)

infer-%: $(STAMP)  ## answer with a run (RUN=, TEXT="..."; without TEXT: standard input, line by line)
	$(call app,$*)
	@$(PY) -m apps.$*.infer "$${RUN:-latest}" $(ARGS) $(if $(GIVEN),-- "$$TEXT")

export-%: $(STAMP)  ## export and verify a SavedModel (RUN=, OUT=exports/APP)
	$(call app,$*)
	@$(PY) -m apps.$*.export "$${RUN:-latest}" --out "$${OUT:-exports/$*}" $(ARGS)

test: $(STAMP)  ## run the tests
	@$(PY) -m pytest -n 2 $(ARGS)

test-faults: $(STAMP)  ## kill runs, cut files, fill disks, feed nonsense; an hour or more (ARGS="--app lm --kills 5")
	@$(PY) -m tests.faults $(ARGS)

lint: $(STAMP)  ## check style and common mistakes
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

bench: $(STAMP)  ## print the speed tables
	@$(PY) -m tests.benchmarks $(ARGS)

bench-%: $(STAMP)  ## print one speed table, such as bench-layers
	$(if $(wildcard tests/benchmarks/$*.py),,$(error there is no benchmark "$*" in tests/benchmarks))
	@$(PY) -m tests.benchmarks.$* $(ARGS)
