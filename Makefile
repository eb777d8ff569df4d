# Needs Python 3.11 or newer and make; everything else is fetched into .tools and .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
UV := .tools/bin/uv
RUN := $(UV) run --frozen
export UV_PYTHON_DOWNLOADS := never

.PHONY: help demo up test check conformance proofs bench lock

help: ## what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

demo: $(UV) ## the journey: why a real Spark application failed, asked as alice and as bob
	@$(RUN) python demo/journey.py

up: $(UV) ## serve until stopped; prints address, tokens and an mcp.json for an IDE
	@$(RUN) python demo/up.py

test: $(UV) ## every test, with a seeded sample of the proofs
	@$(RUN) pytest -q

check: $(UV) ## lint, format, types, import contracts, manifests
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) pyright
	@$(RUN) lint-imports
	@$(RUN) dragoman manifest --check

conformance: $(UV) ## the official MCP conformance suite, both protocol eras (Node 22 comes from npm)
	@$(RUN) python tests/conformance/run.py

proofs: $(UV) ## the long randomised proofs in full
	@DRAGOMAN_PROOFS=full $(RUN) pytest -q -m proof --timeout 3600

bench: $(UV) ## benchmarks, one JSON line each: make -s bench [BENCH=name]
	@$(RUN) python bench $(BENCH)

lock: $(UV) ## refresh uv.lock after a change of dependencies
	@$(UV) lock

$(UV):
	@$(PYTHON) -m venv .tools && .tools/bin/pip install -q uv==0.13.9
