# digitpad: `make` lists what there is.
PYTHON ?= python3
LEAN := .venv
FULL := .venv-full
FREEZE := .venv-freeze
RUN := $(FULL)/bin/python
NO_DISPLAY := 3
COG := --markers='<!--cog cog--> <!--end-->' -p 'import cog, tables' -I docs/figures README.md docs/accuracy.md docs/install.md docs/lessons.md docs/window.md models/README.md

.DEFAULT_GOAL := help
.PHONY: help docs run demo test lint types train convert compare evaluate bench figures fuzz mutants test-board test-wheel freeze test-deb dist clean lock audit

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(LEAN)/ready ## open the app; without a display, read the sample ink in the terminal
	@status=0; $(LEAN)/bin/digitpad || status=$$?; \
	if [ $$status -eq $(NO_DISPLAY) ]; then \
	  echo "There is no display here, so this reads the sample ink that comes with the project:"; echo; \
	  $(LEAN)/bin/digitpad demo; \
	else exit $$status; fi

demo: $(LEAN)/ready ## read the sample ink in the terminal
	@$(LEAN)/bin/digitpad demo

test: lint types ## lint, types and tests in a full environment
	$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "" --hypothesis-profile thorough $(PYTEST_ARGS)

lint: $(FULL)/ready ## ruff, spelling, layers, workflow files
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(FULL)/bin/codespell
	$(FULL)/bin/lint-imports
	$(FULL)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

types: $(FULL)/ready ## mypy over everything
	$(RUN) -m mypy

train: $(FULL)/ready ## train the network that ships; ARGS="--ink FILE..." for more
	$(RUN) -m train $(ARGS)

convert: $(FULL)/ready ## models/digits.keras to float and int8 .tflite with their card
	$(RUN) -m convert --output models $(ARGS)

compare: $(LEAN)/ready ## float against int8 on this machine; ARGS="--mnist mnist.npz"
	@$(LEAN)/bin/digitpad compare $(ARGS)

evaluate: $(LEAN)/ready ## accuracy on labelled ink; ARGS="FILE..."
	@$(LEAN)/bin/digitpad evaluate $(ARGS)

bench: $(LEAN)/ready ## how fast the app is on this device, as JSON; ARGS="--json FILE"
	@$(LEAN)/bin/python -m tools.bench $(ARGS)

figures: $(LEAN)/ready ## measure again what README reports; needs MNIST and ink, see docs/figures/README.md
	@sh docs/figures/measure $(LEAN)

docs: $(FULL)/ready ## write the figures of docs/figures into the documents
	$(RUN) -m cogapp -r $(COG)

fuzz: $(FULL)/ready ## 200,000 random events at the window; `python -m tests.fuzz.ink` fuzzes a format under atheris
	DIGITPAD_EVENTS=200000 $(RUN) -m pytest --timeout 0 tests/fuzz $(ARGS)

mutants: $(FULL)/ready ## mutation testing of the core; see [tool.mutmut] in pyproject.toml
	$(RUN) -m mutmut run --max-children 1 $(ARGS)

test-board: $(FULL)/ready ## the kiosk on virtual boards: KMS/DRM, touch, power cuts; as root, see docs/board.md
	$(RUN) -m pytest -n 0 -s -v -m board tests/board $(ARGS)

test-wheel: $(FULL)/ready ## dist/*.whl in an empty environment; ARGS="PYTHON... debian:SUITE"
	@RUN=$(RUN) sh tools/test-wheel dist/*.whl $(if $(ARGS),$(ARGS),"$(PYTHON)")

freeze: $(FREEZE)/ready ## build the program that needs no Python, in build/digitpad
	@sh tools/freeze/build $(FREEZE)/bin/python build/digitpad

dist: $(FREEZE)/ready ## build a release in dist/: wheel, source, frozen program, .deb, checksums
	@sh tools/dist $(FREEZE)/bin/python dist

test-deb: ## install dist/*.deb in a bare Debian, let it read, and remove it; needs root and mmdebstrap
	@sh tools/freeze/test-deb dist/*.deb

lock: $(FULL)/ready ## pin what releases are made of in requirements/, each wheel with its SHA-256; ARGS=--check
	@PYTHON=$(RUN) tools/lock $(ARGS)

audit: $(FULL)/ready ## ask the vulnerability service about what is pinned, and say what is newer; needs the internet
	@PYTHON=$(RUN) tools/audit

clean: ## remove environments, caches and builds; models and runs stay
	rm -rf $(LEAN) $(FULL) $(FREEZE) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The lean environment holds what the app needs and nothing else.
$(LEAN)/ready: pyproject.toml
	@sh tools/make-venv "$(PYTHON)" $(LEAN)
	@touch $@

$(FULL)/ready: pyproject.toml
	@sh tools/make-venv "$(PYTHON)" $(FULL) dev docs train
	@touch $@

# What releases are made in, and of: the very bytes that the lock file names.
$(FREEZE)/ready: pyproject.toml requirements/freeze.txt
	@rm -rf $(FREEZE)
	@sh tools/make-venv "$(PYTHON)" $(FREEZE) requirements/freeze.txt
	@touch $@
