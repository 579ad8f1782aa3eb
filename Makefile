# `make demo` and `make test` each work on a fresh machine: what is missing is installed into .venv.

PYTHON ?= python3
DATA ?= data
RUN ?= runs/train
REPORT ?= eval

BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test lint conformance train evaluate package clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml constraints.txt
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(INSTALLED) ## draw synthetic images and segment them
	$(BIN)/breast-us-seg phantom demo
	$(BIN)/breast-us-seg infer demo/images demo/results
	@echo 'Look at demo/results: open report.html; masks (white is lesion), overlays, seg and sr (DICOM),'
	@echo 'lesions.csv and results.csv are beside it.'
	@echo 'The true masks are in demo/truth.'

test: $(INSTALLED) ## run all tests, offline
	$(BIN)/python -m pytest

lint: $(INSTALLED) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

conformance: $(INSTALLED) ## check DICOM results with dicom3tools, dcmqi and OHIF's adapter (npm)
	mkdir -p build/cornerstone
	cp tests/conformance/cornerstone/* build/cornerstone
	npm install --prefix build/cornerstone --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	CORNERSTONE=build/cornerstone $(BIN)/python -m pytest tests/conformance

train: $(INSTALLED) ## train on DATA (a folder of `breast-us-seg prepare`) into RUN
	$(BIN)/breast-us-seg train $(DATA) $(RUN)

evaluate: $(INSTALLED) ## score the weights on the test list of DATA into REPORT
	$(BIN)/breast-us-seg evaluate $(DATA) $(REPORT)

package: $(INSTALLED) ## assemble the MONAI Bundle and its zip in dist/
	$(BIN)/python -m bundle.build

clean: ## remove what demo, package and the tools have written
	rm -rf demo dist build .mypy_cache .pytest_cache .ruff_cache
