# What the rule of the leak check takes. No rules here.


def leaks_evaluations(name):
    """As the tables of claims: those made by default, those that claims compare, or those of a target."""
    if name == "leaks":
        return default_evaluations()
    return claimed("all-claims") if name == "all-leaks" else evaluations_of(name.removesuffix("-leaks"))


def trained_models(evaluations):
    """The models of some evaluations and all that they descend from or rest on."""
    waiting = [name for e in evaluations for name in [*e["models"], e["translator"]] if name and e["benchmarks"]]
    found = {}
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = MODELS[name]
            waiting += [MODELS[name][key] for key in ("from", "encoder") if MODELS[name].get(key)]
    return found


def corpora(evaluations):
    """What those models were trained on."""
    wanted = {}
    for name, options in trained_models(evaluations).items():
        if "data" in options:
            wanted[f"{RESULTS}/corpus/training/{options['data']}.parquet"] = None
        if options["recipe"] == "sft":
            wanted[f"{RESULTS}/corpus/traces/kept.parquet"] = None
        if options["recipe"] == "grpo":
            wanted |= {f"{RESULTS}/seed-{seed}/corpus/rl/{options['from']}.parquet": None for seed in study["seeds"]}
    return list(wanted)


def leaks_corpora(wildcards):
    return corpora(leaks_evaluations(wildcards.leaks))


def evaluated_splits(name):
    return list(dict.fromkeys(e["split"] for e in leaks_evaluations(name)))


def leaks_questions(wildcards):
    return [f"{RESULTS}/corpus/questions/{split}.parquet" for split in evaluated_splits(wildcards.leaks)]


def leaks_options(wildcards):
    """Of the miniature's benchmarks those that are evaluated or that the training sets draw from."""
    evaluations = leaks_evaluations(wildcards.leaks)
    evaluated = dict.fromkeys(name for e in evaluations for name in e["benchmarks"])
    sets = [study["data"][o["data"]] for o in trained_models(evaluations).values() if "data" in o]
    drawn = {name for parts in sets for part in parts for name in part.get("benchmarks", ())}
    drawn |= {study[section].get("benchmark") for section in ("traces", "rl") if section in study}
    return text(
        {
            "benchmarks": {n: o for n, o in phrasebook_benchmarks().items() if n in drawn or n in evaluated},
            "evaluated": list(evaluated),
            "splits": evaluated_splits(wildcards.leaks),
            "seed": study["seeds"][0],
        }
    )


def leaks_file(name):
    """The check, where something was trained: a study of finished models has no corpora to look into."""
    return [f"{RESULTS}/corpus/{name}.csv"] * bool(corpora(leaks_evaluations(name)))
