# Vernacular: a study from corpus to Pareto plot. This file is the table of contents.
#
#   snakemake -n                      what would run
#   snakemake --list                  the targets and rules, a line each
#   snakemake --profile local         the default study on this machine
#   snakemake --profile slurm         the same on a cluster
#   snakemake --configfile FILE       another study; FILE replaces config/config.yaml

import os
import shlex
import sys

from snakemake.utils import min_version

min_version("9.0")

if not workflow.overwrite_configfiles:
    own = "config/config.yaml"  # of the working directory, if it has one; else the default study

    configfile: own if os.path.exists(own) else os.path.join(workflow.current_basedir, own)


report: "workflow/report/study.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/download.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/slam.smk"
include: "workflow/rules/merge.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/cluster.smk"


rule all:
    """Everything that the study measures and draws by default."""
    default_target: True
    input:
        targets.outputs(STUDY, STUDY.targets[DEFAULT]),


# A target has the name that the evaluations give it: snakemake adamame | slam | merge | my-ablation | ...
for target in STUDY.named_targets:

    rule:
        f"""Scores, tables, figures and page of {len(target.models)} models."""
        name:
            target.name
        input:
            lambda w, target=target: targets.outputs(STUDY, target),


rule claims:
    """Every claim that the study can decide; trains what that takes."""
    input:
        "<results>/tables/all-claims.csv",
        leaks.leaks_file(STUDY, STUDY.targets["all-"]),


if STUDY.criteria:

    rule regime:
        """Whether the study's base models and baselines are such that the claims can come out either way."""
        input:
            "<results>/tables/regime.csv",


if targets.compared_probes(STUDY):

    rule probes:
        """Where the decoders of slam.probes handle language: a figure and a table."""
        input:
            targets.probes_files(STUDY),


rule cards:
    """A card for each trained model: what a hub shows with it."""
    input:
        lambda w: pages.cards(STUDY),


rule downloads:
    """All that comes from the network: models of the hub, sources of real data."""
    input:
        "<results>/downloads.json",


rule preflight:
    """Seconds on a node of the cluster, before anything long: its GPUs, caches, disk, and that no hub is needed."""
    input:
        expand("<logs>/preflight/{node}.txt", node=preflight_nodes(STUDY.config)),
    log:
        "<logs>/preflight/all.log",
    localrule: True
    conda:
        "workflow/envs/vernacular.yaml"
    shell:
        "cat {input:q} | tee {log:q}"


if workflow.is_main_process and workflow.modifier.is_main_snakefile():
    check_asked_targets(sys.argv[1:], {rule.name: rule.is_producer for rule in workflow.rules}, STUDY)


# What a killed job was writing has a name of its own. Another run of the study may be writing, and keeps what it has.
onsuccess:
    remove_partial(Path(STUDY.paths.results))
    for page in targets.pages_of(STUDY, asked_targets(sys.argv[1:])):
        if os.path.exists(page):
            print(f"page: {page}", file=sys.stderr)


onerror:
    again = shlex.join(["snakemake", *sys.argv[1:]])
    print(
        failure_summary(Path(log[0]).read_text(encoding="utf-8"), again, Path(STUDY.paths.results)), file=sys.stderr
    )
