# make        everything a learner needs, the shop started once, lab 00 checked on it
# make test   what can run here; at the end, by name, what could not and why
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv pip
SPACE  ?= bazaar

.DEFAULT_GOAL := start
.PHONY: start env dev test bench bench-class site lessons lock wheel clean

start: env
	@test -e $(SPACE)/seamwork.toml || $(BIN)/seamwork init $(SPACE)
	@$(BIN)/seamwork check 00 --workspace $(SPACE)
	@$(BIN)/seamwork welcome $(SPACE)

env: $(VENV)/base.stamp

# Hashes are checked, no address is written down: packages come from wherever pip is told to get them.
$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Seamwork needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Name another: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/base.stamp: requirements/base.txt pyproject.toml $(BIN)/uv
	@echo "making .venv (about half a minute, once)"
	@$(UV) install -q --compile-bytecode --require-hashes -r requirements/base.txt
	@$(UV) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/base.stamp
	@$(UV) install -q --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/bench.stamp: requirements/bench.txt $(VENV)/base.stamp
	@$(PYTHON) -m venv $(VENV)/bench
	@$(UV) install -q --python $(VENV)/bench/bin/python --require-hashes -r requirements/bench.txt
	@touch $@

$(VENV)/class.stamp: requirements/class.txt $(VENV)/base.stamp
	@$(PYTHON) -m venv $(VENV)/class
	@$(UV) install -q --python $(VENV)/class/bin/python --require-hashes -r requirements/class.txt
	@touch $@

$(VENV)/site.stamp: requirements/site.txt $(VENV)/base.stamp
	@$(UV) install -q --require-hashes -r requirements/site.txt
	@touch $@

dev: $(VENV)/dev.stamp $(VENV)/site.stamp

test: dev
	@$(BIN)/python tests/run.py

bench: dev $(VENV)/bench.stamp
	@$(BIN)/python benchmarks/run.py

# What grading a class costs, beside what people grade classes with today
bench-class: dev $(VENV)/class.stamp
	@$(BIN)/python benchmarks/bench_class.py

# The published site: build/site, English at /, Chinese at /zh/, one build each
site: $(VENV)/site.stamp
	@$(BIN)/seamwork pages build >/dev/null
	@for config in mkdocs.yml mkdocs.zh.yml; do \
	  NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --config-file build/$$config || exit 1; \
	done
	@echo "build/site is made. To look at it: $(BIN)/python -m http.server --directory build/site"

lock: $(BIN)/uv
	@for group in uv base dask site bench class dev; do \
	  $(UV) compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q requirements/$$group.in -o requirements/$$group.txt; \
	done

# The course as one file, for machines without a checkout: dist/seamwork-*.whl
wheel: env
	@$(BIN)/python -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w dist .
	@ls dist/*.whl

clean:
	rm -rf $(VENV) build dist *.egg-info

# For authors: the lessons' notebooks, with the output of a real run
lessons: dev
	@$(BIN)/seamwork lesson
