# Every command that a person types. Each target is one line into lakelab.
PYTHON ?= python3
BIN := .venv/bin
LAKELAB := $(BIN)/lakelab
READY := .venv/.ready
LABS_READY := .venv/.labs-ready
STACK ?=
CORE ?=
DAY ?=
NAME ?=
ARGS ?=
Q ?= monthly_revenue
.DEFAULT_GOAL := help

.PHONY: help
help: ## what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "lakelab needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -oE '^uv==[^ ]+' requirements.lock)"
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: $(READY) ## make the environment in .venv/

$(LABS_READY): $(READY) requirements-labs.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements-labs.lock
	@touch $@

.PHONY: up-local
up-local: $(READY) ## local AWS, stacks, data, pipeline, transforms, result (STACK=lake: only that; CORE=localstack or a URL)
	@$(LAKELAB) up $(STACK) $(if $(CORE),--core $(CORE))

.PHONY: down-local
down-local: $(READY) ## stop the local AWS; the data stay
	@$(LAKELAB) down

.PHONY: reset-local
reset-local: $(READY) ## stop the local AWS and delete its data
	@$(LAKELAB) cloud reset --yes

.PHONY: query
query: $(READY) ## run a named query: make query Q=monthly_revenue
	@$(LAKELAB) query $(Q)

.PHONY: dashboard
dashboard: $(LABS_READY) ## the monthly revenue in a browser
	@$(LAKELAB) dashboard $(ARGS)

.PHONY: lab
lab: $(LABS_READY) ## begin a lab of the curriculum: make lab DAY=1
	@$(LAKELAB) lab $(DAY) $(ARGS)

.PHONY: check
check: $(LABS_READY) ## grade your work on a lab: make check DAY=1
	@$(LAKELAB) check $(DAY) $(ARGS)

.PHONY: hint
hint: $(LABS_READY) ## the next hint of a lab: make hint DAY=1
	@$(LAKELAB) hint $(DAY) $(ARGS)

.PHONY: solution
solution: $(LABS_READY) ## a worked solution of a lab: make solution DAY=1
	@$(LAKELAB) solution $(DAY) $(ARGS)

.PHONY: labs
labs: $(READY) ## all labs and how far you are
	@$(LAKELAB) labs

.PHONY: drill
drill: $(READY) ## break something in the running lab, and check its repair: make drill NAME=lost-permission
	@$(LAKELAB) drill $(NAME) $(ARGS)

.PHONY: test
test: $(READY) ## run the tests
	@$(BIN)/pytest -n 2 --dist loadfile -m "not slow"

.PHONY: test-slow
test-slow: $(LABS_READY) ## run the tests that take long: dbt's own suites, recovery from kills
	@$(BIN)/pytest -n 2 --dist loadfile -m slow

.PHONY: test-labs
test-labs: $(LABS_READY) ## prove every lab: the skeleton fails, wrong answers fail helpfully, the solution passes
	@$(BIN)/pytest -n 2 --dist loadscope tests/labs

.PHONY: lint
lint: $(READY) ## lint what the stacks deploy, and the code, SQL, policies, workflows
	@$(LAKELAB) lint $(ARGS)

.PHONY: bench
bench: $(READY) ## time of make up-local, first and second run
	@$(BIN)/python -m lakelab.pipeline.bench

.PHONY: bench-stream
bench-stream: $(READY) ## records/s through Kinesis, Lambda and Parquet; events/s over HTTP; time to Athena
	@$(BIN)/python -m lakelab.cloud.streams.bench

.PHONY: bench-athena
bench-athena: $(READY) ## TPC-H on the local Athena against plain DuckDB
	@$(BIN)/python -m lakelab.cloud.athena.bench

.PHONY: bench-deploy
bench-deploy: $(READY) ## preview, first up and no-change up from 60 to 600 resources
	@$(BIN)/python -m lakelab.deploy.bench

.PHONY: bench-core
bench-core: $(READY) ## what the gateway costs on the way to an outside core: S3 at 64 MB, small calls
	@$(BIN)/python -m lakelab.cloud.core.bench

.PHONY: bench-glue
bench-glue: $(READY) ## partitions and crawls
	@$(BIN)/python -m lakelab.cloud.glue.bench

.PHONY: bench-iam
bench-iam: $(READY) ## what IAM enforcement costs S3 and Athena
	@$(BIN)/python -m lakelab.cloud.iam.bench

.PHONY: fidelity
fidelity: $(READY) ## write localstack/FIDELITY.md from the tests' markers
	@$(BIN)/python -m lakelab.fidelity

.PHONY: test-core
test-core: $(READY) ## LocalStack end to end; the same Athena and Glue over every core
	@$(BIN)/pytest -n0 tests/local/core

.PHONY: core-table
core-table: $(READY) ## write the table of docs/localstack.md: who answers which service over each core
	@WRITE_CORE_TABLE=1 $(BIN)/pytest -n0 -q tests/local/core/test_conformance.py -k "page"

.PHONY: docs
docs: $(READY) ## write docs/cli.md from the commands' help, docs/resource-types.md from the provider
	@$(BIN)/python -m lakelab.cli.reference
	@$(BIN)/python -m lakelab.deploy.provider.reference

.PHONY: lock
lock: $(READY) ## resolve the dependencies again
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile --group labs --constraint requirements.lock --universal --generate-hashes --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" --quiet --output-file requirements-labs.lock
