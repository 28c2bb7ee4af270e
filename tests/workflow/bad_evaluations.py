"""Bad edits of the default study's evaluations: targets, languages, samples, what SLAM's tables compare.

With what the one line of the error then says.
"""

from edits import Edit, put

EVALUATIONS: dict[str, tuple[Edit, list[str]]] = {
    "unknown engine": (put("evaluations.0.engine", "vlm"), ["evaluations.0.engine: 'vlm'", "did you mean 'vllm'"]),
    "unknown language": (put("evaluations.0.languages", ["en", "sv"]), ["evaluations.0.languages: language 'sv'"]),
    "in-domain, not evaluated": (
        put("evaluations.0.in_domain", ["pt"]),
        ["evaluations.0.in_domain: evaluated language 'pt'"],
    ),
    "target of no evaluation": (
        put("slam.target", "slan"),
        ["slam.target: no evaluation has the target 'slan'", "'slam'"],
    ),
    "sweep of no evaluation": (
        put("slam.sweep", "x"),
        ["slam.sweep: no evaluation has the target 'x'", "choose from: "],
    ),
    "target called like a rule": (put("evaluations.0.target", "score"), ["evaluations.0.target: 'score' is taken"]),
    "target called like a command": (
        put("evaluations.0.target", "claims"),
        ["evaluations.0.target: 'claims' is taken"],
    ),
    "target called like a page": (put("evaluations.0.target", "index"), ["evaluations.0.target: 'index' is taken"]),
    "target whose figures another one has": (
        put("evaluations.0.target", "slam-training"),
        ["evaluations.0.target: 'slam-training' is taken; choose another name"],
    ),
    "target with a path": (put("evaluations.0.target", "../x"), ["evaluations.0.target: '../x' must have the form"]),
    "target as an option": (put("evaluations.0.target", "-n"), ["evaluations.0.target: '-n' must have the form"]),
    "target in capitals": (put("evaluations.0.target", "Mine"), ["evaluations.0.target: 'Mine' must have the form"]),
    "checkpoints on test": (put("evaluations.23.split", "test"), ["evaluations.23.checkpoints: ", "set split: dev"]),
    "checkpoints of SFT": (put("evaluations.23.models", ["sft"]), ["evaluations.23.models: 'sft'", "not grpo"]),
    "a former name where the key never was": (put("slam.most", 1), ["slam.most: unknown key; choose from"]),
    "greedy samples": (put("evaluations.0.temperature", 0), ["evaluations.0.samples: greedy decoding", "samples: 1"]),
    "two ways of one generation": (
        lambda c: c["evaluations"].append({**c["evaluations"][0], "samples": 2}),
        ["evaluations.24.samples: lrm on mini-mgsm is generated", "make them equal"],
    ),
    "no default": (
        lambda c: [e.update(default=False) for e in c["evaluations"]],
        ["evaluations: none has `default: true`"],
    ),
    "split without questions": (
        put("benchmarks.mini-mgsm.questions.test", 0),
        ["evaluations.0.benchmarks: 'mini-mgsm' has no questions there", "questions.test"],
    ),
    "no questions at all": (
        put("evaluations.0.questions", 0),
        ["evaluations.0.questions: 0 is too small", "minimum is 1"],
    ),
    "probe of unknown questions": (put("slam.benchmark", "mgsm"), ["slam.benchmark: benchmark 'mgsm'", "mini-mgsm"]),
    "probe of one language": (put("slam.languages", ["en"]), ["slam.languages", "at least 2"]),
    "unknown reference": (put("slam.reference", "reasonr"), ["slam.reference: model 'reasonr'", "'reasoner'"]),
    "reference not evaluated": (
        lambda c: c["evaluations"][3]["models"].remove("reasoner"),
        ["evaluations.3.models: 'reasoner' (slam.reference) is missing"],
    ),
    "baseline not evaluated": (
        lambda c: c["evaluations"][3]["models"].remove("two-stage"),
        ["evaluations.3.models: 'two-stage' (slam.baseline) is missing"],
    ),
    "baseline that is the reference": (
        put("slam.baseline", "reasoner"),
        ["slam.baseline: 'reasoner' is the reference"],
    ),
    "reference of another model": (
        lambda c: (put("slam.reference", "base")(c), c["evaluations"][3]["models"].append("base")),
        ["evaluations.3.models: no model of the recipe 'slam' starts from slam.reference 'base'"],
    ),
    "SLAM without English": (
        lambda c: [e["languages"].remove("en") for e in c["evaluations"][3:5]],
        ["evaluations.3.languages: SLAM's tables need 'en'"],
    ),
    "SLAM by decoding": (
        put("evaluations.3.decoding", "forced-prefix"),
        ["evaluations.3.decoding: SLAM's tables compare models"],
    ),
    "sweep of several layers": (
        lambda c: c["evaluations"][4]["models"].append("slam"),
        ["evaluations.4.models: 'slam' does not tune a single listed layer"],
    ),
    "threshold above 1": (put("slam.select.threshold", 2), ["slam.select.threshold: 2 is too large"]),
}
