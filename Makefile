# `make help` lists what there is to do.

VENV ?= .venv
PYTHON ?= python3
PYTEST ?= -n auto --maxprocesses 4 --dist loadfile --reruns 2
BIN = $(VENV)/bin
DEMO = .demo
DATA ?= $(or $(CATENA_DATA),../shared/data)

.DEFAULT_GOAL := help
.PHONY: help demo test docs real test-transformers-min test-kernels app browser lint format robust fuzz attack kills synckills chainkills planted faults spans statements obedience bookqa kv quality arena examples pictures lock wheel-test clean
.DELETE_ON_ERROR:

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-21s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.installed $(DEMO)/jargon.pdf  ## Ask the bundled book a question, with nothing else installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/demo.sh $(DEMO)

app: $(VENV)/.installed $(DEMO)/jargon.pdf  ## Open the page in the browser
	$(BIN)/catena ui

test: $(VENV)/.installed-dev lint  ## Check style and types, run all tests
	$(BIN)/pytest $(PYTEST)

docs: $(VENV)/.installed-dev  ## Make the reference of the SDK from its docstrings: build/reference/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --config-file docs/mkdocs.yml

test-transformers-min: .venv-min/.installed-dev  ## Run the local model's tests with the oldest transformers it knows
	.venv-min/bin/pytest $(PYTEST) tests/kv

real: $(VENV)/.installed-dev  ## Let real small models answer, long answers too (CATENA_TEST_GGUF=FILE.gguf: others besides)
	CATENA_TEST_LONG=1 $(BIN)/pytest -n 0 tests/real

lint: $(VENV)/.installed-dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev  ## Lay the code out
	$(BIN)/ruff check --fix-only --exit-zero .
	$(BIN)/ruff format .

test-kernels: $(VENV)/.installed-dev  ## Test what runs on a GPU without one (fetches Triton, 190 MB)
	$(BIN)/python -c 'import triton' 2>/dev/null || $(BIN)/python -m pip install --quiet 'triton>=3.6'
	$(BIN)/pytest $(PYTEST) $(addprefix tests/kv/test_,paged_attention.py choice_kernel.py decoder.py gpu.py)

robust: $(VENV)/.installed-dev  ## Read every hostile file of the development documents (DATA=FOLDER)
	$(BIN)/catena eval robust $(DATA)/robust

fuzz: $(VENV)/.installed-dev  ## Make inputs up for each border, two minutes each (BORDER=html; FUZZ_SEED=N again)
	FUZZ_SECONDS=$${FUZZ_SECONDS:-120} FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} \
		$(BIN)/pytest tests/fuzz -n 2 -s $(if $(BORDER),-k $(BORDER))

attack: $(VENV)/.installed-dev  ## Attack it as strangers would, bounded (CATENA_ATTACKS=1: all)
	$(BIN)/pytest $(PYTEST) tests/attacks tests/ingest/sandbox/test_parser_child.py tests/test_name.py

kills: $(VENV)/.installed-dev  ## Kill a writing process 200 times at named points, and look
	$(BIN)/catena eval kills --kills 200

faults: $(VENV)/.installed-dev  ## Fail each write, fsync and rename of an add in turn, and look
	$(BIN)/catena eval faults

synckills: $(VENV)/.installed-dev  ## Kill a sync of a changing folder 200 times, and look
	$(BIN)/catena eval synckills --kills 200

chainkills: $(VENV)/.installed-dev  ## Kill a chain 200 times while it reads a book, and resume it
	$(BIN)/python -m catena.benchmarks.chainkills --kills 200

planted: $(VENV)/.installed-dev  ## Read books with planted facts: chain, retrieval, summaries (half an hour)
	$(BIN)/python -m catena.benchmarks.planted

statements: $(VENV)/.installed-dev  ## Check statements made false in known ways (DATA=FOLDER)
	$(BIN)/python -m catena.benchmarks.statements --data $(DATA)

obedience: $(VENV)/.installed-dev  ## Let a model obey what 500 documents say, and look what it could reach
	$(BIN)/python -m catena.benchmarks.obedience --runs 500

bookqa: $(VENV)/.installed-dev  ## Make sets of questions with a stub model: novels, planted items, speed, kills (an hour)
	$(BIN)/python -m catena.benchmarks.set_making plumbing --data $(DATA)
	$(BIN)/python -m catena.benchmarks.set_making planted
	$(BIN)/python -m catena.benchmarks.set_making speed
	$(BIN)/python -m catena.benchmarks.set_making memory
	$(BIN)/python -m catena.benchmarks.bookkills sets --kills 100
	$(BIN)/python -m catena.benchmarks.bookkills sets --kills 20 --books 25 --concurrency 1
	$(BIN)/python -m catena.benchmarks.bookkills runs --kills 20 --books 6

kv: $(VENV)/.installed-dev  ## Measure KV pages: policies, beyond the trained length, beside words, speed (half an hour)
	$(BIN)/python -m catena.benchmarks.kv.kv_quality
	$(BIN)/python -m catena.benchmarks.kv.kv_quality --model warm
	$(BIN)/python -m catena.benchmarks.kv.beyond
	$(BIN)/python -m catena.benchmarks.kv.attended
	$(BIN)/python -m catena.benchmarks.kv.kv_speed

spans: $(VENV)/.installed-dev  ## Compare the boxes of 500 quotes with a second extractor
	$(BIN)/catena eval spans --data $(DATA) --spans 500

quality: $(VENV)/.installed-dev  ## Score the embedded reader on public questions (hours; resumable)
	$(BIN)/catena eval financebench --data $(DATA)
	$(BIN)/catena eval mmlongbench --data $(DATA)
	$(BIN)/catena eval fairytaleqa --data $(DATA) --limit 200 --sample 1

arena: $(VENV)/.installed-dev  ## Rank what needs no model on FairytaleQA, and draw docs/pictures/arena.png (DATA=FOLDER)
	$(BIN)/python -m catena.benchmarks.fairyarena --data $(DATA) --out docs/pictures/arena.png --runs .arena

examples: $(VENV)/.installed-dev  ## Ask a dozen real documents, and write docs/examples.md
	$(BIN)/python -m catena.benchmarks.example_answers --data $(DATA) --out docs

browser: $(VENV)/.installed-dev $(DEMO)/jargon.pdf  ## Open 20 tabs and let 200 visitors come and go in a real browser
	BROWSER_TABS=20 $(BIN)/pytest tests/app/browser -n 0
	$(BIN)/catena bench ui $(DEMO)/jargon.pdf --home $(DEMO)/bench --visitors 200

pictures: $(VENV)/.installed-dev $(DEMO)/jargon.pdf  ## Take the pictures of the pages for docs/ui.md
	$(BIN)/python scripts/pictures.py $(DEMO)/jargon.pdf

lock: $(VENV)/.installed  ## Choose the versions of all dependencies anew (UPGRADE=: of new ones alone)
	scripts/lock.sh

wheel-test: $(VENV)/.installed-dev  ## Install the wheel in an empty environment and ask it something (slow)
	scripts/wheel_test.sh

clean:  ## Remove environment, caches and what the demo made
	rm -rf $(VENV) $(DEMO) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The package is installed editable, so these are remade only when the dependencies change.
$(VENV)/.installed: requirements.lock pyproject.toml scripts/install.sh
	@PYTHON=$(PYTHON) scripts/install.sh $(VENV) requirements.lock
	@touch $@

# kv/ needs torch, which no lock has: CPU or CUDA is the user's choice.
$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml scripts/install.sh scripts/real_model.sh
	@PYTHON=$(PYTHON) scripts/install.sh $(VENV) requirements-dev.lock
	@$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet torch==2.13.0
	@scripts/real_model.sh $(VENV)
	@touch $@ $(VENV)/.installed

# The same, with the lowest transformers that pyproject.toml allows.
.venv-min/.installed-dev: requirements-dev.lock pyproject.toml scripts/install.sh
	@rm -rf .venv-min && mkdir .venv-min
	@sed -n 's/^    "transformers>=\(.*\)",.*/transformers==\1.*/p' pyproject.toml | sort -u > .venv-min/oldest.txt
	@sed '/^transformers==/d' requirements-dev.lock | cat - .venv-min/oldest.txt > .venv-min/requirements.txt
	@PYTHON=$(PYTHON) scripts/install.sh .venv-min .venv-min/requirements.txt
	@.venv-min/bin/python -c 'import torch' 2>/dev/null || .venv-min/bin/python -m pip install --quiet torch==2.13.0
	@touch $@

$(DEMO)/jargon.pdf: $(VENV)/.installed examples/jargon.txt $(wildcard examples/*.py)
	@mkdir -p $(DEMO)
	@echo "Typesetting the example, the Jargon File"
	@$(BIN)/python -m catena.examples.build $@
