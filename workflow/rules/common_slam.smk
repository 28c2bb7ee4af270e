# What the rules of SLAM take. No rules here.


def probe_options(wildcards):
    return text(
        {
            k: study["slam"][k]
            for k in ("benchmark", "languages", "questions", "threshold", "active_share", "batch_size")
        }
    )


def probe_of_parent(wildcards):
    return f"{RESULTS}/seed-{wildcards.seed}/slam/{MODELS[wildcards.model]['from']}/probe.parquet"


def selection_rule(wildcards):
    return text(MODELS[wildcards.model]["layers"])


def slam_models(target):
    """The SLAM models that the evaluations of a target name."""
    names = dict.fromkeys(name for e in evaluations_of(target) for name in e["models"])
    return [name for name in names if MODELS[name]["recipe"] == "slam"]


def ancestors(model):
    """The models that a model descends from, the nearest first."""
    parent = MODELS[model].get("from")
    return [parent, *ancestors(parent)] if parent else []


def slam_chains():
    """Model -> the trainings that it takes beyond what the reference took, in order: two for the two-stage method.

    A model that was taken from elsewhere has cost nothing here.
    """
    reference = study["slam"]["reference"]
    taken = {name for name, options in MODELS.items() if options["recipe"] in ("folder", "hub")}
    shared = {reference, *ancestors(reference), *taken}
    names = dict.fromkeys(name for e in evaluations_of("slam") for name in e["models"])
    chains = {name: [m for m in [*reversed(ancestors(name)), name] if m not in shared] for name in names}
    return {name: chain for name, chain in chains.items() if chain}


def slam_table_scores(wildcards):
    return scores_of(evaluations_of("slam"))


def slam_table_costs(wildcards):
    """They also count parameters: a table that read model folders would retrain those that were deleted to free the disk."""
    names = [name for e in evaluations_of("slam") for name in e["models"] if name != study["slam"]["reference"]]
    return [f"{RESULTS}/costs/seed-{seed}/{name}.csv" for seed in study["seeds"] for name in dict.fromkeys(names)]


def slam_cost_files(wildcards):
    names = dict.fromkeys(name for chain in slam_chains().values() for name in chain)
    return [f"{RESULTS}/costs/seed-{seed}/{name}.csv" for seed in study["seeds"] for name in names]


def slam_options(wildcards):
    return slam_table_options("slam")


def sweep_options(wildcards):
    return slam_table_options("slam-sweep")


def slam_table_options(target):
    """The figures of a probe need no evaluation, so one that is not there is no error here."""
    return text(
        {
            "asked": asked([e for e in study["evaluations"] if e["target"] == target]),
            "study": study["study"],
            "scale": study["scale"],
            "draws": study["bootstrap"],
            **{key: study["slam"][key] for key in ("reference", "baseline")},
        }
    )


def slam_cost_options(wildcards):
    return text({**json.loads(slam_options(wildcards)), "chains": slam_chains()})


def first_seed_layers(wildcards):
    names = [name for name in slam_models("slam") if MODELS[name]["from"] == wildcards.model]
    return [f"{RESULTS}/seed-{study['seeds'][0]}/slam/{name}/layers.json" for name in names]


def sweep_scores(wildcards):
    return scores_of(evaluations_of("slam-sweep"))


def sweep_probes(wildcards):
    reference = study["slam"]["reference"]
    return [f"{RESULTS}/seed-{seed}/slam/{reference}/probe.parquet" for seed in study["seeds"]]


def sweep_layers(wildcards):
    return [
        f"{RESULTS}/seed-{seed}/slam/{name}/layers.json"
        for seed in study["seeds"]
        for name in slam_models("slam-sweep")
    ]


def slam_outputs(wildcards):
    scores = scores_of(evaluations_of("slam"))
    reference = study["slam"]["reference"]
    return [
        *scores,
        f"{RESULTS}/tables/slam.csv",
        f"{RESULTS}/tables/slam-scores.csv",
        f"{RESULTS}/tables/slam-claims.csv",
        *leaks_file("slam-leaks"),
        f"{RESULTS}/costs/slam.csv",
        *figure(f"slam-probe-{reference}"),
        *page_file("slam"),
    ]


def sweep_outputs(wildcards):
    return [
        *scores_of(evaluations_of("slam-sweep")),
        f"{RESULTS}/tables/slam-sweep.csv",
        *figure("slam-sweep"),
        *leaks_file("slam-sweep-leaks"),
    ]
