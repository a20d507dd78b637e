# Everything that one types here. `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo check watch hint test verify release handout lint format bench speed recognition pictures \
	apt clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

install: $(STAMP)  ## make .venv with the pinned packages (again: a no-op, unless the pins changed)
	@:

# The constraints hold for the build backend too: older pips read the first variable, newer ones the second.
$(STAMP): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing the pinned packages into $(VENV); the first time takes some minutes."
	@PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
		$(BIN)/python -m pip install -c constraints.txt -e '.[dev]'
	@touch $@

$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null \
		|| { echo "There is no $(PYTHON): apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
		|| { echo "$(PYTHON) is not Python 3.11 or 3.12: make install PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "Python cannot make virtual environments yet: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

demo: $(STAMP)  ## grade a made-up class of 24 from end to end
	@$(BIN)/gradecheck demo

check: $(STAMP)  ## judge your answers in exercises/ (one of them: make check E=softmax)
	@$(BIN)/gradecheck check exercises $(if $(E),--exercise $(E))

watch: $(STAMP)  ## judge your answers whenever you save one (h: a hint, q: leave)
	@$(BIN)/gradecheck watch exercises

hint: $(STAMP)  ## a hint for one exercise: make hint E=softmax
	@$(BIN)/gradecheck hint $(or $(E),$(error name an exercise: make hint E=softmax)) exercises

test: $(STAMP)  ## run the test suite on all cores (part of it: make test ARGS=tests/test_compare.py)
	@$(BIN)/python -m pytest -n logical --dist loadfile $(ARGS)

verify: $(STAMP)  ## prove that every exercise is sound
	@$(BIN)/gradecheck verify

release: $(STAMP)  ## write exercises/ from solutions/
	@$(BIN)/gradecheck release

handout: $(STAMP)  ## make the folder that students get in dist/handout
	@$(BIN)/gradecheck handout

lint: $(STAMP)  ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(STAMP)  ## repair style and format where a tool can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMP)  ## measure grading against stock nbgrader, and on a cluster (some minutes; writes docs/bench*.md)
	@$(BIN)/python tools/bench.py $(ARGS)
	@$(BIN)/python tools/bench_workers.py
	@$(BIN)/python tools/bench_cluster.py

.PHONY: simulate
simulate: $(STAMP)  ## measure the gradebook's one writer (make simulate ARGS='--submissions 1000 --db sqlite')
	@$(BIN)/python tools/simulate_writer.py $(ARGS)

recognition: $(STAMP)  ## count how many mistakes are called by their right name, and by a wrong one
	@$(BIN)/python tools/recognition.py

speed: $(STAMP)  ## measure what a student waits for: check in a notebook, and watch (writes docs/bench.md)
	@$(BIN)/python tools/speed.py $(ARGS)

pictures: $(STAMP)  ## draw the README's pictures again
	@$(BIN)/python tools/pictures.py

apt:  ## install from Debian what the tests need beyond Python: chromium, bubblewrap, postgresql
	@bash .ci/run apt

clean:  ## remove caches, builds and the demo's class (never .venv, a gradebook or submissions)
	@rm -rf build dist demo_course .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -path ./$(VENV) -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune \
		-exec rm -rf {} +
