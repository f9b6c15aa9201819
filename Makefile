# digitpad: `make` lists what there is.
PYTHON ?= python3
LEAN := .venv
FULL := .venv-full
RUN := $(FULL)/bin/python
NO_DISPLAY := 3

.DEFAULT_GOAL := help
.PHONY: help run demo test lint types train convert compare evaluate bench figures dist clean

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
	$(RUN) -m pytest $(PYTEST_ARGS)

lint: $(FULL)/ready ## ruff: rules and format
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(FULL)/ready ## mypy over all packages and the tests
	$(RUN) -m mypy

train: $(FULL)/ready ## train the network that ships; ARGS="--ink FILE..." for more
	$(RUN) -m train $(ARGS)

convert: $(FULL)/ready ## models/digits.keras to float and int8 .tflite with their card
	$(RUN) -m convert $(ARGS)

compare: $(LEAN)/ready ## float against int8 on this machine; ARGS="--mnist mnist.npz"
	@$(LEAN)/bin/digitpad compare $(ARGS)

evaluate: $(LEAN)/ready ## accuracy on labelled ink; ARGS="FILE..."
	@$(LEAN)/bin/digitpad evaluate $(ARGS)

bench: $(LEAN)/ready ## how fast the app is on this device, as JSON; ARGS="--json FILE"
	@$(LEAN)/bin/python -m tools.bench $(ARGS)

figures: $(LEAN)/ready ## measure again what README reports; needs MNIST and ink, see docs/figures/README.md
	@sh docs/figures/measure $(LEAN)

dist: $(FULL)/ready ## build the wheel and the source archive in dist/
	$(RUN) -m build

clean: ## remove environments, caches and builds; models and runs stay
	rm -rf $(LEAN) $(FULL) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The lean environment holds what the app needs and nothing else.
$(LEAN)/ready: pyproject.toml
	@sh tools/make-venv "$(PYTHON)" $(LEAN) "."
	@touch $@

$(FULL)/ready: pyproject.toml
	@sh tools/make-venv "$(PYTHON)" $(FULL) ".[train,dev]"
	@touch $@
