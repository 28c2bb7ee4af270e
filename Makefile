# Two commands: `make study` runs the default study, `make test` the tests. Each sets up what it needs.
# `make test-all` runs the longer tests, which `make test` leaves out.
# `make slam` and `make merge` run SLAM's and ST-Merge's part of the default study, `make all` all three.
PYTHON ?= python3
CONFIG ?= config/config.yaml
BIN := $(CURDIR)/.venv/bin
SNAKEMAKE = PATH="$(BIN):$$PATH" snakemake --configfile $(CONFIG)
RESULTS = results/$(shell sed -n 's/^study: *\([a-z0-9-]*\).*/\1/p' $(CONFIG) | head -n 1)

# Snakemake empties a report before it writes the new one, so it gets a name of its own until it is whole.
report = $(SNAKEMAKE) --quiet all --report $(basename $(1)).unfinished.html -- $(2) > /dev/null && mv $(basename $(1)).unfinished.html $(1)

.PHONY: study slam merge all test test-all slurm-test soak fuzz fuzz-guided bench lint setup dry-run plan preflight dag lock

study: .venv/ready
	@$(SNAKEMAKE) --profile local
	@$(call report,$(RESULTS)/report.html,)
	@echo
	@echo "page         $(RESULTS)/index.html"
	@echo "report       $(RESULTS)/report.html"
	@echo "Pareto plot  $(RESULTS)/figures/pareto.png, .svg, .csv"
	@echo "table        $(RESULTS)/tables/scores.csv"

slam merge: .venv/ready
	@$(SNAKEMAKE) --profile local $@
	@$(call report,$(RESULTS)/$@-report.html,$@)
	@echo
	@echo "page         $(RESULTS)/$@.html"
	@echo "report       $(RESULTS)/$@-report.html"
	@echo "tables       $(RESULTS)/tables/$@*.csv"
	@echo "costs        $(RESULTS)/costs/"
	@echo "figures      $(RESULTS)/figures/$@-*.png, .svg, .csv"

# One call, so that nothing waits for a part to end.
all: .venv/ready
	@$(SNAKEMAKE) --profile local all slam merge
	@$(call report,$(RESULTS)/report.html,all slam merge)
	@echo
	@echo "pages        $(RESULTS)/index.html, slam.html, merge.html"
	@echo "report       $(RESULTS)/report.html"

# Two processes of one thread each; then the smoke study, made from nothing, whose jobs take both cores themselves.
test: .venv/ready lint
	@PATH="$(BIN):$$PATH" OMP_NUM_THREADS=1 pytest -n 2 --dist loadfile tests/unit tests/workflow
	@rm -rf .cache/tests
	@PATH="$(BIN):$$PATH" pytest -m "not slow" tests/end-to-end

# What `make test` leaves out: SLAM's and the merges' part of the smoke study, a hub, faults, several processes, SLURM.
test-all: .venv/ready
	@tests/slurm/install.sh
	@PATH="$(BIN):$$PATH" pytest -rs -n 2 --dist loadfile -m slow tests/end-to-end tests/slurm

# Of these, those on a real SLURM of one node, which they start and stop. As root: it lives in namespaces of its own.
slurm-test: .venv/ready
	@tests/slurm/install.sh
	@PATH="$(BIN):$$PATH" pytest -rs -m slow tests/slurm

# Here: kills, full disks and cut files, each rule of the smoke study. On a SLURM: each kind of kill in the middle of GRPO,
# then twenty at random moments of the smoke study. More than an hour.
soak: .venv/ready
	@PATH="$(BIN):$$PATH" VERNACULAR_FAULTS=all VERNACULAR_SEED=$$$$ pytest -s -rs tests/end-to-end/test_faults.py tests/end-to-end/test_rule_faults.py
	@tests/slurm/install.sh
	@PATH="$(BIN):$$PATH" VERNACULAR_KILLS=20 VERNACULAR_SEED=$$$$ pytest -s -m soak tests/slurm

# A hundred thousand wild texts for each reader of text, one in 2,000 of 10 MB; one target: make fuzz TARGETS=verifier
fuzz: .venv/ready
	@$(BIN)/python tests/fuzz/fuzz.py $(TARGETS)

# The same readers under atheris, five minutes each, with inputs that lead to new branches; needs pip install '.[fuzz]'
fuzz-guided: .venv/ready
	@$(BIN)/python tests/fuzz/fuzz_guided.py $(TARGETS)

# Ours against another, in pairs, each benchmark at most three minutes; one of them: make bench BENCH=identify. The table
# is printed, benchmarks/results.csv written; docs/measurements.md says what was found.
bench: .venv/ready
	@$(BIN)/python benchmarks/bench.py $(BENCH)

lint: .venv/ready
	@PATH="$(BIN):$$PATH" ruff check .
	@PATH="$(BIN):$$PATH" ruff format --check .
	@PATH="$(BIN):$$PATH" snakefmt --check Snakefile workflow/rules
	@PATH="$(BIN):$$PATH" mypy
	@$(SNAKEMAKE) --lint

setup: .venv/ready

.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "setting up .venv (once; torch and its like are a gigabyte)"
	@$(PYTHON) -P -m venv .venv
	@$(BIN)/python -P -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -P -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch .venv/ready

dry-run: .venv/ready
	@$(SNAKEMAKE) --profile local --dry-run --quiet all

# Estimates of a study's GPUs, memory, hours, disk and downloads; docs/resources.md.
plan: .venv/ready
	@PATH="$(BIN):$$PATH" python -P -m vernacular.planning.plan $(CONFIG)

# Each training and evaluation of a study tried before it is submitted: a step and a batch at full shapes on a GPU, what
# shapes tell without one; docs/resources.md. (`snakemake preflight` looks at a cluster's nodes instead.)
preflight: .venv/ready
	@PATH="$(BIN):$$PATH" python -P -m vernacular.planning.preflight $(CONFIG)

# A picture of the rules, and with which models and benchmarks they run; needs Graphviz's dot for the SVG.
dag: .venv/ready
	@mkdir -p $(RESULTS)
	@$(SNAKEMAKE) --rulegraph 2> /dev/null > $(RESULTS)/rulegraph.dot
	@$(SNAKEMAKE) --dag 2> /dev/null > $(RESULTS)/dag.dot
	@for graph in rulegraph dag; do \
	    if command -v dot > /dev/null; then dot -Tsvg $(RESULTS)/$$graph.dot > $(RESULTS)/$$graph.svg && echo $(RESULTS)/$$graph.svg; \
	    else echo "$(RESULTS)/$$graph.dot (install graphviz for a picture)"; fi; done

# Resolve pyproject.toml anew into exact versions.
lock:
	@rm -rf .venv-lock && $(PYTHON) -P -m venv .venv-lock
	@.venv-lock/bin/pip install --quiet torch==2.13.0 && .venv-lock/bin/pip install --quiet '.[test,workflow]'
	@( echo "# Every package of the environment, exact. Made by: make lock"; \
	   .venv-lock/bin/pip list --format=freeze | grep -Ev '^(pip|setuptools|wheel|vernacular)=' | sed 's/+cpu//' | sort -f ) > requirements.lock
	@rm -rf .venv-lock build && echo "requirements.lock written"
