# What the rules of the models take. No rules here.


def folder_source(wildcards):
    """A folder of one's own, or where a model of the hub was fetched to."""
    return MODELS[wildcards.model].get("path", f"{RESULTS}/downloads/models/{wildcards.model}")


def download_record(wildcards):
    return [] if "path" in MODELS[wildcards.model] else [f"{RESULTS}/downloads/models/{wildcards.model}.json"]


def chat_template(wildcards):
    name = MODELS[wildcards.model].get("chat_template")
    return [str(CHAT_TEMPLATES / f"{name}.jinja")] if name else []


def checkpoint_step(wildcards):
    return MODELS[wildcards.model]["step"]


def checkpoint_parent(wildcards):
    """What the checkpoint's training started from: kept adapters are merged into that."""
    if not checkpoint_step(wildcards):
        return []
    return f"{RESULTS}/seed-{wildcards.seed}/models/{MODELS[MODELS[wildcards.model]['from']]['from']}"


def training_data(wildcards):
    return f"{RESULTS}/corpus/training/{MODELS[wildcards.model]['data']}.parquet"


def checkpoints(wildcards):
    return f"{RESULTS}/seed-{wildcards.seed}/checkpoints"


def recipe_threads(wildcards):
    return MODELS[wildcards.model]["threads"] * processes(MODELS[wildcards.model])


def rl_options(wildcards):
    return text(without_resources(study["rl"]))


def rl_prompts_of_parent(wildcards):
    return f"{RESULTS}/seed-{wildcards.seed}/corpus/rl/{MODELS[wildcards.model]['from']}.parquet"
