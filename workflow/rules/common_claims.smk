# What the rules of the claims take. No rules here.
from fnmatch import fnmatchcase


def claims_evaluations(name):
    """`claims` rests on the evaluations that are made by default, `all-claims` on every one, the others on a target's."""
    if name == "claims":
        return default_evaluations()
    return study["evaluations"] if name == "all-claims" else evaluations_of(name.removesuffix("-claims"))


def evaluated_names(evaluations):
    return list(dict.fromkeys(label(name, e["decoding"]) for e in evaluations for name in e["models"]))


def claims_of(name):
    """All claims, or those whose models a target evaluates; what SLAM's probe and costs say goes with SLAM."""
    names = evaluated_names(claims_evaluations(name))
    of_slam = {claim for claim, options in CLAIMS.items() if {OF_LAYERS, OF_TIME} & {*options["metrics"]}}
    return {
        claim: options
        for claim, options in CLAIMS.items()
        if name in ("claims", "all-claims")
        or {*sides(options)} <= {*names}
        and (claim not in of_slam or name == "slam-claims")
    }


def claimed(name):
    """The evaluations of a table of claims, with the models and benchmarks alone that its claims compare."""
    found = []
    for evaluation in claims_evaluations(name):
        for model in evaluation["models"]:
            of_model = [c for c in claims_of(name).values() if label(model, evaluation["decoding"]) in sides(c)]
            patterns = [pattern for claim in of_model for pattern in claim["benchmarks"]]
            benchmarks = [b for b in evaluation["benchmarks"] if any(fnmatchcase(b, p) for p in patterns)]
            found.append({**evaluation, "models": [model], "benchmarks": benchmarks})
    return found


def claims_scores(wildcards):
    return scores_of(claimed(wildcards.claims))


def with_slam(name):
    return "slam" in study and any(e["target"] == "slam" for e in claims_evaluations(name))


def claims_probes(wildcards):
    reference = study["slam"]["reference"] if with_slam(wildcards.claims) else None
    claimed_layers = any(
        OF_LAYERS in claim["metrics"] and claim["model"] == reference for claim in claims_of(wildcards.claims).values()
    )
    return [f"{RESULTS}/seed-{seed}/slam/{reference}/probe.parquet" for seed in study["seeds"] if claimed_layers]


def claims_chains(name):
    """Model -> the trainings that it takes, of the claims about time."""
    timed = [claim for claim in claims_of(name).values() if OF_TIME in claim["metrics"]]
    named = {model for claim in timed for model in sides(claim)}
    return {model: chain for model, chain in slam_chains().items() if model in named} if with_slam(name) else {}


def claims_costs(wildcards):
    stages = dict.fromkeys(stage for chain in claims_chains(wildcards.claims).values() for stage in chain)
    return [f"{RESULTS}/costs/seed-{seed}/{stage}.csv" for seed in study["seeds"] for stage in stages]


def claims_text(wildcards):
    """In the order of the file, which is that of the table."""
    return text(claims_of(wildcards.claims), sort_keys=False)


def claims_options(wildcards):
    evaluations = claims_evaluations(wildcards.claims)
    return text(
        {
            "study": study["study"],
            "draws": 10 * study["bootstrap"],  # small p-values, which Holm multiplies, need more draws than intervals
            "in_domain": {
                f"{label(model, e['decoding'])}/{benchmark}": e["in_domain"]
                for e in evaluations
                for model in e["models"]
                for benchmark in e["benchmarks"]
            },
            "chains": claims_chains(wildcards.claims),
            "evaluated": evaluated_names(study["evaluations"]),
            "complete": len(evaluations) == len(study["evaluations"]),
        }
    )
