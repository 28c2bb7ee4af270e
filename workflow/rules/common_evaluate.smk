# What the rules of the evaluation, of tables and of figures take. No rules here.


def evaluated_model(wildcards):
    model = EVALUATED[wildcards.evaluated, wildcards.benchmark][0]
    return f"{RESULTS}/seed-{wildcards.seed}/models/{model}"


def evaluated_as(how):
    """A wildcard constraint of the models that are evaluated alone, as a merge, or behind a translator."""

    def kind(model, options):
        return "merged" if merge_parents(MODELS, model) else "translated" if options["translator"] else "alone"

    names = [re.escape(name) for (name, _), value in EVALUATED.items() if kind(*value) == how]
    return "|".join(dict.fromkeys(names)) or "(?!)"


def evaluated_part(part):
    """The folder of an evaluated merge's `encoder` or `llm`, without which its connector is nothing."""

    def path(wildcards):
        model = EVALUATED[wildcards.evaluated, wildcards.benchmark][0]
        return f"{RESULTS}/seed-{wildcards.seed}/models/{merge_parents(MODELS, model)[part]}"

    return path


def translator(wildcards):
    options = EVALUATED[wildcards.evaluated, wildcards.benchmark][1]
    return f"{RESULTS}/seed-{wildcards.seed}/models/{options['translator']}"


def evaluated_questions(wildcards):
    split = EVALUATED[wildcards.evaluated, wildcards.benchmark][1]["split"]
    return f"{RESULTS}/corpus/questions/{split}.parquet"


def generation_threads(wildcards, threads):
    """torch's threads, which {threads} would cut to --cores; no part of the trigger `params`, as with script()."""
    return study["threads"]


def generation_options(wildcards):
    options = EVALUATED[wildcards.evaluated, wildcards.benchmark][1]
    return text({key: value for key, value in options.items() if key != "translator"})


def table_evaluations(name):
    return default_evaluations() if name == "scores" else evaluations_of(name.removesuffix("-scores"))


def table_scores(wildcards):
    return scores_of(table_evaluations(wildcards.table))


def table_options(wildcards):
    return summary_options(wildcards.table)


def summary_options(name):
    """What tables and figures say beside the scores: the study's name and scale, and which languages are in-domain."""
    evaluations = table_evaluations(name)
    in_domain = dict.fromkeys(code for e in evaluations for code in e["in_domain"])
    return text(
        {
            "asked": asked(evaluations),
            "study": study["study"],
            "scale": study["scale"],
            "in_domain": list(in_domain),
            "draws": study["bootstrap"],
        }
    )


# --- what the figures take


def default_scores(wildcards):
    return scores_of(default_evaluations())


def default_options(wildcards):
    return summary_options("scores")


def curve_evaluations(wildcards):
    return default_evaluations() if wildcards.curves == "training" else evaluations_of(wildcards.curves)


def curve_models(wildcards):
    return [
        f"{RESULTS}/seed-{seed}/models/{name}"
        for name in trained(curve_evaluations(wildcards))
        for seed in study["seeds"]
    ]


def curve_options(wildcards):
    return summary_options("scores" if wildcards.curves == "training" else wildcards.curves)


def trajectories_options(wildcards):
    return text({"study": study["study"], "scale": study["scale"], "paths": paths_of(study)}, sort_keys=False)
