# What the cards of models say. No rules here.

TRAINED = [name for name, options in MODELS.items() if "training" in options]
# Targets whose table of rates is called otherwise.
TABLES = {"slam": "slam-scores", "slam-sweep": None, "merge": "merge-scores"}


def card_tables(wildcards):
    """The table of rates that the model stands in; the study's main one if it can, since another may cost trainings."""
    named = [e for e in study["evaluations"] if wildcards.model in e["models"] and e["decoding"] == "plain"]
    named.sort(key=lambda e: not e["default"])
    tables = ["scores" if e["default"] else TABLES.get(e["target"], e["target"]) for e in named]
    return [f"{RESULTS}/tables/{table}.csv" for table in list(filter(None, tables))[:1]]


def made_from(name):
    """A model's parents, nearest first, with what made them; a merge has two."""
    parents = merge_parents(MODELS, name)
    nearest = [MODELS[name].get("from"), *parents.values()]
    found = {}
    for parent in dict.fromkeys(filter(None, nearest)):
        options = without_resources(MODELS[parent])
        found[parent] = {
            "model": parent,
            **{k: v for k, v in options.items() if k in ("recipe", "repo", "revision", "path")},
        }
        found |= {other["model"]: other for other in made_from(parent)}
    return list(found.values())


def card_options(wildcards):
    recipe = MODELS[wildcards.model]
    data = study["data"].get(recipe.get("data"))
    if recipe["recipe"] in ("sft", "grpo"):
        data = [without_resources(study["traces" if recipe["recipe"] == "sft" else "rl"])]
    parents = made_from(wildcards.model)
    return text(
        {
            **{key: study[key] for key in ("study", "scale", "licence", "languages")},
            "parents": parents,
            "data": data,
            "sources": origins_of(study, [wildcards.model, *(parent["model"] for parent in parents)]),
        }
    )


def card_outputs(wildcards):
    """The cards of the trained models that the study evaluates without being asked."""
    named = dict.fromkeys(name for e in default_evaluations() for name in e["models"] if name in TRAINED)
    return [f"{RESULTS}/cards/seed-{seed}/{name}.md" for name in named for seed in study["seeds"]]
