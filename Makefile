# Movie Roulette's commands. Each brings the environment up to date by itself;
# nothing needs to be done first. Works with GNU make 3.81, which macOS ships.

# The Python that makes .venv/ where several are installed: make PYTHON=/path/to/python3.12 pipeline
PYTHON ?=
# Arguments for run_pipeline.py and pytest: make pipeline ARGS="--dataset ml-latest-small"
ARGS ?=

BIN := .venv/bin
LOCKS := requirements/dev.txt requirements/bootstrap.txt requirements/training.txt \
	requirements/serving.txt requirements/streaming.txt
WORKFLOWS := $(wildcard .github/workflows/*.yml)

# Without bytecode every start would be two to three times slower.
unexport PYTHONDONTWRITEBYTECODE
# Certificates that the machine trusts, a company's own included.
export UV_SYSTEM_CERTS := 1
export UV_HTTP_TIMEOUT ?= 120
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help pipeline serve demo exporter test lint types pytest format hooks zenml mlflow lock clean clean-state FORCE

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

pipeline: .venv/training.stamp ## Check the data, train, evaluate, register and promote
	$(BIN)/python run_pipeline.py $(ARGS)

# Other settings come from configs/serving.yaml and the environment:
# MOVIE_ROULETTE_WEB__PORT=8081 make serve
serve: .venv/serving.stamp ## Serve the production model on http://127.0.0.1:8080 (trains one if none)
	@$(BIN)/python -m serving $(ARGS)

test: lint types pytest ## Run every check and every test

pytest: .venv/dev.stamp ## Run the tests and hold the branch coverage
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder \
		--cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage json --quiet -o .coverage.json
	$(BIN)/python tests/setup/coverage_gate.py .coverage.json

lint: .venv/dev.stamp ## Check style, import contracts, workflows, shell and Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/yamllint --strict .
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/monitoring/compose.yml
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/hadolint Dockerfile
	@if [ -x $(BIN)/shellcheck ]; then $(BIN)/shellcheck .ci/run requirements/bootstrap.sh; \
	else echo 'shellcheck: no build for this machine, skipped'; fi

types: .venv/dev.stamp ## Check types
	$(BIN)/mypy

format: .venv/dev.stamp ## Put the code into the house's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: .venv/dev.stamp ## Run the quick checks before every commit
	$(BIN)/pre-commit install

demo: .venv/serving.stamp ## Play the whole loop: train, serve, drift, retrain, swap, and refuse poison
	@$(BIN)/python -m benchmarks.demo --check $(ARGS)

exporter: .venv/serving.stamp ## Tell Prometheus of pipelines, models and drift on 127.0.0.1:9108
	@$(BIN)/python -m monitoring.exporter $(ARGS)

zenml: .venv/training.stamp ## Show runs and artifacts in ZenML's dashboard (ZENML_PORT=8237)
	$(BIN)/python -m environment zenml-dashboard

mlflow: .venv/training.stamp ## Show metrics and models in MLflow's UI (MLFLOW_PORT=5000)
	$(BIN)/python -m environment mlflow-ui

# The bounds stand in pyproject.toml. Development comes first since it holds everything;
# the others take their versions from it. Kept pins stay unless asked:
# make lock UPGRADE=--upgrade, or UPGRADE="--upgrade-package flask".
UPGRADE ?=
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --no-header
FROM_DEV = $(COMPILE) --constraints requirements/dev.txt

lock: .venv/bootstrap.stamp ## Resolve pyproject.toml's bounds to requirements/*.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --group bootstrap --extra training --extra serving \
		--extra streaming --extra dev -o requirements/dev.txt
	$(FROM_DEV) --group bootstrap -o requirements/bootstrap.txt
	$(FROM_DEV) pyproject.toml --group bootstrap --extra training -o requirements/training.txt
	$(FROM_DEV) pyproject.toml --extra serving -o requirements/serving.txt
	$(FROM_DEV) pyproject.toml --extra streaming -o requirements/streaming.txt

clean: ## Remove the environment and caches; runs and models under var/ stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
	find . -path ./var -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

clean-state: ## Remove var/: every run, registered model, download and cached step
	rm -rf var

# One environment, filled as far as it is needed. `dev` holds all that `serving` and `training`
# hold, in the same versions, and the server on one machine needs both of these: it publishes from
# the registry, and trains where there is no model.
SYNC = $(BIN)/uv pip sync --python $(BIN)/python --require-hashes --compile-bytecode \
	--build-constraints requirements/bootstrap.txt
# Seconds that the first training need not wait.
WARM = $(BIN)/python -m environment compile-kernels

.venv/training.stamp: requirements/training.txt .venv/bootstrap.stamp
	@rm -f .venv/training.stamp .venv/serving.stamp .venv/dev.stamp
	$(SYNC) requirements/training.txt
	$(WARM)
	@touch $@

.venv/serving.stamp: requirements/serving.txt requirements/training.txt .venv/bootstrap.stamp
	@rm -f .venv/training.stamp .venv/serving.stamp .venv/dev.stamp
	$(SYNC) requirements/training.txt requirements/serving.txt
	$(WARM)
	@touch .venv/training.stamp $@

.venv/dev.stamp: requirements/dev.txt .venv/bootstrap.stamp
	@rm -f .venv/training.stamp .venv/serving.stamp .venv/dev.stamp
	$(SYNC) requirements/dev.txt
	$(WARM)
	@touch .venv/training.stamp .venv/serving.stamp $@

.venv/bootstrap.stamp: requirements/bootstrap.txt
	@sh requirements/bootstrap.sh .venv requirements/bootstrap.txt "$(PYTHON)"

# Look again where a Python is asked for, or where that of .venv/ has gone.
ifneq ($(PYTHON)$(shell $(BIN)/python -c pass >/dev/null 2>&1 || echo gone),)
.venv/bootstrap.stamp: FORCE
endif
