# Two commands: `make study` runs the default study, `make test` the tests. Each sets up what it needs. `make help` lists all.
# `make test-all` runs the longer tests, which `make test` leaves out.
# `make slam` and `make merge` run SLAM's and ST-Merge's part of the default study, `make all` all three.
PYTHON ?= python3
CONFIG ?= config/config.yaml
TARGET ?= all
BIN := $(CURDIR)/.venv/bin
SNAKEMAKE = PATH="$(BIN):$$PATH" snakemake --configfile $(CONFIG)
RESULTS = results/$(shell sed -n 's/^study: *\([a-z0-9-]*\).*/\1/p' $(CONFIG) 2> /dev/null | head -n 1)

# Snakemake empties a report before it writes the new one, so it gets a name of its own until it is whole.
report = $(SNAKEMAKE) --quiet all --report $(basename $(1)).unfinished.html -- $(2) > /dev/null && mv $(basename $(1)).unfinished.html $(1)

.PHONY: help study slam merge all evidence test test-all slurm-test soak fuzz fuzz-guided bench lint setup dry-run profile plan preflight dag lock site

study: .venv/ready ## the default study, with page and report
	@$(SNAKEMAKE) --profile local
	@$(call report,$(RESULTS)/report.html,)
	@echo
	@echo "page         $(RESULTS)/index.html"
	@echo "report       $(RESULTS)/report.html"
	@echo "Pareto plot  $(RESULTS)/figures/pareto.png, .svg, .pdf, .csv"
	@echo "table        $(RESULTS)/tables/scores.csv"

slam merge: .venv/ready ## SLAM's or ST-Merge's part of it
	@$(SNAKEMAKE) --profile local $@
	@$(call report,$(RESULTS)/$@-report.html,$@)
	@echo
	@echo "page         $(RESULTS)/$@.html"
	@echo "report       $(RESULTS)/$@-report.html"
	@echo "tables       $(RESULTS)/tables/$@*.csv"
	@echo "costs        $(RESULTS)/costs/"
	@echo "figures      $(RESULTS)/figures/$@-*.png, .svg, .pdf, .csv"

# One call, so that nothing waits for a part to end.
all: .venv/ready ## all three parts
	@$(SNAKEMAKE) --profile local all slam merge
	@$(call report,$(RESULTS)/report.html,all slam merge)
	@echo
	@echo "pages        $(RESULTS)/index.html, slam.html, merge.html"
	@echo "report       $(RESULTS)/report.html"

# A seed of a part: trained in a results folder of its own, then its file is put where it can be committed. Without SEED the
# files that are there are joined into tables. CONFIG is the part's own.
PART ?= adamame
OWN = results/evidence-$(PART)-$(SEED)
FILES = docs/evidence/$(PART)
evidence: CONFIG = config/evidence/$(PART).yaml
evidence: .venv/ready ## PART=adamame SEED=3: trains that seed; without SEED: joins those that are there
ifdef SEED
	@mkdir -p results && printf 'study: evidence-%s-%s\nseeds: [%s]\n' $(PART) $(SEED) $(SEED) > $(OWN).yaml
	@PATH="$(BIN):$$PATH" snakemake $(OWN)/evidence/seed-$(SEED).parquet --profile local --configfile $(CONFIG) $(OWN).yaml
	@mkdir -p $(FILES) && cp $(OWN)/evidence/seed-$(SEED).parquet $(FILES)/ && echo "evidence     $(FILES)/seed-$(SEED).parquet"
else
	@$(BIN)/python -P -m vernacular.planning.evidence $(CONFIG) $(FILES)
endif

# Two processes of one thread each; then the smoke study, made from nothing, whose jobs take both cores themselves.
test: .venv/ready lint ## lint, types, unit tests, dry runs, one small study
	@PATH="$(BIN):$$PATH" OMP_NUM_THREADS=1 pytest -n 2 --dist loadfile tests/unit tests/workflow
	@rm -rf .cache/tests
	@PATH="$(BIN):$$PATH" pytest -m "not slow" tests/end-to-end

# What `make test` leaves out: SLAM's and the merges' part of the smoke study, a hub, faults, several processes, SLURM.
test-all: .venv/ready ## what takes longer: hubs, faults, several processes, SLURM
	@tests/slurm/install.sh
	@PATH="$(BIN):$$PATH" pytest -rs -n 2 --dist loadfile -m slow tests/end-to-end tests/slurm

# Of these, those on a real SLURM of one node, which they start and stop. As root: it lives in namespaces of its own.
slurm-test: .venv/ready ## the tests on a real SLURM of one node (as root)
	@tests/slurm/install.sh
	@PATH="$(BIN):$$PATH" pytest -rs -m slow tests/slurm

# Here: kills, full disks and cut files, each rule of the smoke study. On a SLURM: each kind of kill in the middle of GRPO,
# then twenty at random moments of the smoke study. More than an hour.
soak: .venv/ready ## kills at random moments; more than an hour
	@PATH="$(BIN):$$PATH" VERNACULAR_FAULTS=all VERNACULAR_SEED=$$$$ pytest -s -rs tests/end-to-end/test_faults.py tests/end-to-end/test_rule_faults.py
	@tests/slurm/install.sh
	@PATH="$(BIN):$$PATH" VERNACULAR_KILLS=20 VERNACULAR_SEED=$$$$ pytest -s -m soak tests/slurm

# A hundred thousand wild texts for each reader of text, one in 2,000 of 10 MB; one target: make fuzz TARGETS=verifier
fuzz: .venv/ready ## wild texts for each reader of text
	@$(BIN)/python tests/fuzz/fuzz.py $(TARGETS)

# The same readers under atheris, five minutes each, with inputs that lead to new branches; needs pip install '.[fuzz]'
fuzz-guided: .venv/ready ## the same under atheris
	@$(BIN)/python tests/fuzz/fuzz_guided.py $(TARGETS)

# Ours against another, in pairs, each benchmark at most three minutes; one of them: make bench BENCH=identify. The table
# is printed, benchmarks/results.csv written; docs/measurements.md says what was found.
bench: .venv/ready ## ours against others, in pairs
	@$(BIN)/python benchmarks/bench.py $(BENCH)

lint: .venv/ready ## style, types, Snakemake's linter
	@PATH="$(BIN):$$PATH" ruff check .
	@PATH="$(BIN):$$PATH" ruff format --check .
	@PATH="$(BIN):$$PATH" snakefmt --check Snakefile workflow/rules
	@PATH="$(BIN):$$PATH" mypy
	@$(SNAKEMAKE) --lint

# The docs as pages: guides, reference, figures. An environment of its own, since nothing else needs these packages.
site: ## the docs as a site (.cache/site/index.html)
	@test -x .cache/site-env/bin/mkdocs || { $(PYTHON) -P -m venv .cache/site-env && .cache/site-env/bin/python -P -m pip install --quiet \
	  --disable-pip-version-check $$($(PYTHON) -P -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['docs'])"); }
	@NO_MKDOCS_2_WARNING=1 .cache/site-env/bin/mkdocs build --quiet && echo "site  .cache/site/index.html"

help: ## this list
	@echo "make COMMAND [CONFIG=config/config.yaml] [TARGET=all]; study, dry-run, plan, preflight and dag take CONFIG"
	@sed -n 's/^\([a-z][a-z -]*\):.* ## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{printf "  %-12s %s\n", $$1, $$2}'

setup: .venv/ready ## only the environment (.venv)

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "setting up .venv (once): 2 GB of packages, several minutes without a word"
	@$(PYTHON) -P -m venv .venv
	@$(BIN)/python -P -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -P -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch .venv/ready
	@echo ".venv is ready; for snakemake and vernacular: source .venv/bin/activate"

# What would run now: rules, jobs, what would take longest. TARGET=slam, CONFIG=config/smoke.yaml: of another.
dry-run: .venv/ready ## what would run: rules, jobs, what would take longest
	@PATH="$(BIN):$$PATH" python -P -m vernacular.planning.dry_run $(CONFIG) --target $(TARGET)

# A complete profile of your cluster, in the folder my-cluster: make profile PARTITION=gpu,cpu ACCOUNT=me. GPUS=4,0
# (per node of each) if there is no sinfo, NAME=... for another folder.
NAME ?= my-cluster
profile: .venv/ready ## a complete profile of your cluster
	@PATH="$(BIN):$$PATH" python -P -m vernacular.run.make_profile --partition "$(PARTITION)" --account "$(ACCOUNT)" --gpus "$(GPUS)" --out "$(NAME)"

# Estimates of a study's GPUs, memory, hours, disk and downloads; docs/resources.md.
plan: .venv/ready ## hours, memory, disk, downloads of a study, before it runs
	@PATH="$(BIN):$$PATH" python -P -m vernacular.planning.plan $(CONFIG) --target $(TARGET)

# Each training and evaluation of a study tried before it is submitted: a step and a batch at full shapes on a GPU, what
# shapes tell without one; docs/resources.md. (`snakemake preflight` looks at a cluster's nodes instead.)
preflight: .venv/ready ## each training and evaluation tried before it is submitted
	@PATH="$(BIN):$$PATH" python -P -m vernacular.planning.preflight $(CONFIG)

# A picture of the rules, and with which models and benchmarks they run; needs Graphviz's dot for the SVG.
dag: .venv/ready ## a picture of the rules and of the jobs
	@mkdir -p $(RESULTS)
	@$(SNAKEMAKE) --rulegraph 2> /dev/null > $(RESULTS)/rulegraph.dot
	@$(SNAKEMAKE) --dag 2> /dev/null > $(RESULTS)/dag.dot
	@for graph in rulegraph dag; do \
	    if command -v dot > /dev/null; then dot -Tsvg $(RESULTS)/$$graph.dot > $(RESULTS)/$$graph.svg && echo $(RESULTS)/$$graph.svg; \
	    else echo "$(RESULTS)/$$graph.dot (install graphviz for a picture)"; fi; done

# Resolve pyproject.toml into exact versions again.
lock: ## pyproject.toml resolved into exact versions
	@rm -rf .venv-lock && $(PYTHON) -P -m venv .venv-lock
	@.venv-lock/bin/pip install --quiet torch==2.13.0 && .venv-lock/bin/pip install --quiet '.[test,workflow]'
	@( echo "# Every package of the environment, exact. Made by: make lock"; \
	   .venv-lock/bin/pip list --format=freeze | grep -Ev '^(pip|setuptools|wheel|vernacular)=' | sed 's/+cpu//' | sort -f ) > requirements.lock
	@rm -rf .venv-lock build && echo "requirements.lock written"
