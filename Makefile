# `make demo` and `make test` each work on a fresh machine: what is missing is installed into .venv.

PYTHON ?= python3
DATA ?= data
RUN ?= runs/train
REPORT ?= eval
WORKERS ?= 2

# A path to uv: it then installs in pip's place, in a tenth of the time.
UV ?=

# Else each of the many processes of the tests compiles PyTorch and MONAI for itself.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
INSTALLED := .venv/.installed
LABEL_BIN := .venv-label/bin
LABEL_INSTALLED := .venv-label/.installed
LABEL_TESTED := .venv-label/.installed-tests

WEB_INSTALLED := web/node_modules/.installed

OHIF_VERSION := 3.13.2
OHIF := build/ohif/package/dist

.DEFAULT_GOAL := help
.PHONY: help demo label-demo web-page web test coverage label-test lint docs conformance train evaluate bench package clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

ifeq ($(UV),)
make_venv = $(1)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(1)
install = $(1)/bin/python -m pip install
else
make_venv = $(UV) venv --quiet --allow-existing --python $(PYTHON) $(1)
install = $(UV) pip install --python $(1)
endif

$(INSTALLED): pyproject.toml constraints.txt
	$(call make_venv,.venv)
	$(call install,.venv) --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(INSTALLED) ## draw synthetic images and segment them
	$(BIN)/breast-us-seg phantom demo
	$(BIN)/breast-us-seg infer demo/images demo/results
	@echo 'Look at demo/results: open report.html; masks (white is lesion), overlays, seg and sr (DICOM),'
	@echo 'lesions.csv and results.csv are beside it.'
	@echo 'The true masks are in demo/truth.'

# A venv of its own: the tests call MONAI Label's client, whose requirements do not fit the others.
$(LABEL_INSTALLED): pyproject.toml constraints.txt constraints-label.txt
	$(call make_venv,.venv-label)
	$(call install,.venv-label) -c constraints.txt -c constraints-label.txt --editable '.[label]'
	@touch $@

label-demo: $(LABEL_INSTALLED) ## correct the masks of synthetic images in the browser
	$(LABEL_BIN)/breast-us-seg phantom demo
	$(LABEL_BIN)/breast-us-seg label demo/images

$(WEB_INSTALLED): web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

web-page: $(WEB_INSTALLED) ## build the web page into web/dist (Node.js)
	cd web && npm run --silent check && npm run --silent build

web: $(INSTALLED) web-page ## build the web page, and test it (Node.js, Chromium)
	$(BIN)/python tests/web_fixtures/write_fixtures.py web/tests/fixtures
	cd web && npm test --silent

# The tests of a file stay together, and so do the runs and servers that they share.
IN_PROCESSES := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test: $(INSTALLED) ## run all tests, offline, in WORKERS processes (2), but those of `label-test`
	$(BIN)/python -m pytest $(IN_PROCESSES) --ignore-glob='tests/label/test_*.py'

coverage: $(INSTALLED) ## run the tests, and list the lines of pipeline/ and bundle/ that none reaches
	$(BIN)/python -m pytest $(IN_PROCESSES) --cov

$(LABEL_TESTED): $(LABEL_INSTALLED)
	$(call install,.venv-label) -c constraints.txt -c constraints-label.txt pytest pytest-socket pytest-xdist pynetdicom psutil
	$(call install,.venv-label) --no-deps monailabel==0.8.5
	@touch $@

label-test: $(LABEL_TESTED) ## run the tests of the annotation server, against Orthanc if it is there
	$(LABEL_BIN)/python -m pytest $(IN_PROCESSES) tests/label --ignore=tests/label/page

lint: $(INSTALLED) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(INSTALLED) ## build the documentation site into build/site; a broken link fails
	$(call install,.venv) --quiet --constraint constraints.txt --editable '.[docs]'
	$(BIN)/python -m mkdocs build --strict

# The built viewer lies in the package itself; what that depends on is needed to build it only.
$(OHIF)/index.html:
	mkdir -p build/ohif
	npm pack @ohif/app@$(OHIF_VERSION) --pack-destination build/ohif --loglevel=error
	tar -xzf build/ohif/ohif-app-$(OHIF_VERSION).tgz -C build/ohif

conformance: $(INSTALLED) $(OHIF)/index.html ## check DICOM results with dicom3tools, dcmqi and OHIF Viewer (npm)
	mkdir -p build/cornerstone
	cp tests/conformance/cornerstone/* build/cornerstone
	npm install --prefix build/cornerstone --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	CORNERSTONE=build/cornerstone OHIF=$(OHIF) $(BIN)/python -m pytest tests/conformance

train: $(INSTALLED) ## train on DATA (a folder of `breast-us-seg prepare`) into RUN
	$(BIN)/breast-us-seg train $(DATA) $(RUN)

evaluate: $(INSTALLED) ## score the weights on the test list of DATA into REPORT
	$(BIN)/breast-us-seg evaluate $(DATA) $(REPORT)

bench: $(INSTALLED) ## time runs beside the bare network and others, in half an hour
	$(BIN)/python benchmarks/speed.py

package: $(INSTALLED) ## assemble the MONAI Bundle and its zip in dist/
	$(BIN)/python -m bundle.build

clean: ## remove what demo, package and the tools have written
	rm -rf demo dist build .mypy_cache .pytest_cache .ruff_cache
