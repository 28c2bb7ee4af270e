"""What the table of a target's claims reads: which claims, and the scores, probes and costs that decide them."""

from collections import Counter
from fnmatch import fnmatchcase
from typing import Any

from vernacular.evaluation.claim_terms import OF_LAYERS, OF_TIME, sides
from vernacular.evaluation.options import ClaimsOptions
from vernacular.study.compile import DEFAULT, EVERY, Study, Target
from vernacular.study.evaluations import Evaluations, in_domain_of, label, labels


def claims_of(study: Study, target: Target) -> dict[str, dict[str, Any]]:
    """The claims that a target's table holds: all, or those whose models it evaluates. What SLAM's probe and costs say
    goes with SLAM."""
    if target.name in (DEFAULT, EVERY):
        return study.claims
    names = {*labels(target.evaluations)}
    return {
        name: claim
        for name, claim in study.claims.items()
        if {*sides(claim)} <= names and (target.slam or not {OF_LAYERS, OF_TIME} & {*claim["metrics"]})
    }


def claimed(study: Study, target: Target) -> Evaluations:
    """A target's evaluations, with only the models and benchmarks that its claims compare."""
    found = []
    for evaluation in target.evaluations:
        for model in evaluation["models"]:
            name = label(model, evaluation["decoding"])
            claims = [claim for claim in claims_of(study, target).values() if name in sides(claim)]
            patterns = [pattern for claim in claims for pattern in claim["benchmarks"]]
            benchmarks = [b for b in evaluation["benchmarks"] if any(fnmatchcase(b, p) for p in patterns)]
            found.append({**evaluation, "models": [model], "benchmarks": benchmarks})
    return found


def claims_probes(study: Study, target: Target) -> list[str]:
    """The probes of slam.reference, where a claim is about its layers."""
    reference = study.config["slam"]["reference"] if target.slam else None
    claims = claims_of(study, target).values()
    wanted = any(OF_LAYERS in claim["metrics"] and claim["model"] == reference for claim in claims)
    return [study.paths.probe(str(reference), seed) for seed in study.seeds if wanted]


def claims_chains(study: Study, target: Target) -> dict[str, list[str]]:
    """Model -> the trainings that it takes, of the claims about time."""
    timed = [claim for claim in claims_of(study, target).values() if OF_TIME in claim["metrics"]]
    named = {model for claim in timed for model in sides(claim)}
    chains = study.training_chains() if target.slam else {}
    return {model: chain for model, chain in chains.items() if model in named}


def trained(study: Study) -> list[str]:
    """The labels of the models that came from a training of this study, their own or that of one they descend from."""
    found = [
        label(model, e["decoding"])
        for e in study.config["evaluations"]
        for model in e["models"]
        if any(study.models[name].trained for name in (model, *study.models[model].ancestors))
    ]
    return list(dict.fromkeys(found))


def claims_options(study: Study, target: Target) -> ClaimsOptions:
    return ClaimsOptions(
        study=study.config["study"],
        draws=10 * study.config["bootstrap"],  # small p-values, which Holm multiplies, need more draws than intervals
        in_domain=in_domain_of(target.evaluations),
        chains=claims_chains(study, target),
        families=dict(Counter(claim["paper"] for claim in study.claims.values())),
        evaluated=labels(study.config["evaluations"]),
        trained=trained(study),
        complete=len(target.evaluations) == len(study.config["evaluations"]),
    )
