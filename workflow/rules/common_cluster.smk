# What jobs ask a cluster for. No rules here.

# Some clusters hand out GPUs by --gpus, others by --gres only: `gpu` or `gres`, with a type behind a colon (gres:a100).
FLAVOUR, _, GPU_TYPE = os.getenv("VERNACULAR_GPU", "gpu").partition(":")
if FLAVOUR not in ("gpu", "gres"):
    sys.exit(f"vernacular: VERNACULAR_GPU is '{FLAVOUR}'; set it to gpu or gres, with a type as in gres:a100")


def job_resources(options):
    """The resources of a rule; options(wildcards) gives those of its first attempt. No part of the trigger `params`."""

    def gpu(wildcards):
        return options(wildcards)["gpu"]

    def gres(wildcards):
        return ":".join(filter(None, ["gpu", GPU_TYPE, str(gpu(wildcards))])) if gpu(wildcards) else ""

    def gpu_model(wildcards):
        return GPU_TYPE if gpu(wildcards) else ""

    def grown(key):
        def value(wildcards, attempt):
            return min(options(wildcards)[key] * attempt, study["most"][key])

        return value

    flavour = {"gres": gres} if FLAVOUR == "gres" else {"gpu": gpu, **({"gpu_model": gpu_model} if GPU_TYPE else {})}
    return {**flavour, "mem_mb": grown("mem_mb"), "runtime": grown("runtime")}


def of_recipe(wildcards):
    return MODELS[wildcards.model]["resources"]


def of_evaluation(wildcards):
    return EVALUATED_RESOURCES[wildcards.evaluated, wildcards.benchmark]


def of_section(name):
    def options(wildcards):
        return study[name]["resources"]

    return options


# --- preflight


def preflight_resources(wildcards):
    """A job on a GPU node asks for one GPU."""
    return {"gpu": int(wildcards.node == "gpu"), "mem_mb": 4000, "runtime": 10}


def preflight_nodes():
    """The kinds of nodes that the study's jobs run on."""
    asked = [options["resources"] for options in [*MODELS.values(), *study["evaluations"]] if "resources" in options]
    asked += [study[section]["resources"] for section in ("rl", "slam") if section in study]
    return ["cpu", "gpu"] if any(resources["gpu"] for resources in asked) else ["cpu"]


def preflight_gpus(wildcards):
    return preflight_resources(wildcards)["gpu"]


def results_folder(wildcards):
    return RESULTS
