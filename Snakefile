# Vernacular: a study from corpus to Pareto plot. This file is the table of contents.
#
#   snakemake -n                      what would run
#   snakemake --profile local         the default study on this machine
#   snakemake --profile slurm         the same on a cluster
#   snakemake --configfile FILE       another study; FILE takes the place of config/config.yaml

import os
import shlex
import sys

if not workflow.overwrite_configfiles:
    own = "config/config.yaml"  # of the working directory, if it has one; else the default study

    configfile: own if os.path.exists(own) else os.path.join(workflow.current_basedir, own)


report: "workflow/report/study.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/common_models.smk"
include: "workflow/rules/common_evaluate.smk"
include: "workflow/rules/common_cluster.smk"
include: "workflow/rules/cluster.smk"
include: "workflow/rules/common_claims.smk"
include: "workflow/rules/common_leaks.smk"
include: "workflow/rules/common_data.smk"
include: "workflow/rules/download.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/adamame.smk"
include: "workflow/rules/common_slam.smk"
include: "workflow/rules/slam.smk"
include: "workflow/rules/common_merge.smk"
include: "workflow/rules/merge.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/common_report.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/common_cards.smk"
include: "workflow/rules/cards.smk"


# Everything the study measures and draws, but no model folder: those may be deleted to free the disk.
rule all:
    default_target: True
    input:
        final_outputs(),


# The parts of a study, by name: snakemake adamame | schedules | trajectories | slam | slam_sweep | merge |
# merge_steering | merge_adamame | mgsm | claims | cards
rule adamame:
    input:
        target_outputs("adamame"),


rule schedules:
    input:
        target_outputs("schedules"),


rule trajectories:
    input:
        trajectories_outputs,


rule slam:
    input:
        slam_outputs,


rule slam_sweep:
    input:
        sweep_outputs,


rule merge:
    input:
        merge_outputs,


rule merge_steering:
    input:
        target_outputs("merge-steering"),


rule merge_adamame:
    input:
        target_outputs("merge-adamame"),


rule mgsm:
    input:
        target_outputs("mgsm"),


# Every claim that the study can decide; trains what that takes.
rule claims:
    input:
        f"{RESULTS}/tables/all-claims.csv",
        leaks_file("all-leaks"),


# A card for each trained model: what a hub shows beside it.
rule cards:
    input:
        card_outputs,


# Seconds on a node of the cluster, before anything long: does it see its GPUs, its caches, enough disk, no hub?
rule preflight:
    input:
        expand("<logs>/preflight/{node}.txt", node=preflight_nodes()),
    log:
        "<logs>/preflight/all.log",
    localrule: True
    conda:
        "workflow/envs/vernacular.yaml"
    shell:
        "cat {input:q} | tee {log:q}"


# What a killed job was writing has a name of its own, and nothing writes any more.
onsuccess:
    remove_partial(Path(RESULTS))


onerror:
    again = shlex.join(["snakemake", *sys.argv[1:]])
    print(summary(Path(log[0]).read_text(encoding="utf-8"), again, Path(RESULTS)), file=sys.stderr)
