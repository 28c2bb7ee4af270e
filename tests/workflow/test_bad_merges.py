"""Merges that cannot be made or evaluated: one line that names file, key and what to do, before any job."""

from typing import Any

import pytest
from edits import FORGET, Edit, compiled, edited, put, refusal

# Evaluations of the default study, by number: of the merges on word problems, the first with each of these decodings.
MERGES, TRANSLATED, ORACLE, MIXED, OF_ADAMAME = 5, 8, 11, 16, 22


def add(number: int, model: str) -> Edit:
    return lambda config: config["evaluations"][number]["models"].append(model)


PARENTS: dict[str, tuple[Edit, list[str]]] = {
    "LLM from a translator": (
        put("models.two-stage.from", "translator"),
        ["models.two-stage.from: 'translator' is not an LLM of its own; name one"],
    ),
    "GRPO from a merge": (
        put("models.slam-adamame.from", "st-merge"),
        ["models.slam-adamame.from: 'st-merge' is not an LLM"],
    ),
    "SLAM from a mapping": (put("models.slam-top.from", "mapping"), ["models.slam-top.from: 'mapping' is not an LLM"]),
    "merge from a merge": (
        put("models.st-merge.from", "mindmerger"),
        ["models.st-merge.from: 'mindmerger' has the recipe 'merge'; name an LLM or a mapping"],
    ),
    "merge from a translator": (
        put("models.st-merge.from", "translator"),
        ["models.st-merge.from: 'translator' has the recipe 'translator'"],
    ),
    "mapping from a merge": (
        put("models.mapping.from", "langbridge"),
        ["models.mapping.from: 'langbridge' has the recipe"],
    ),
    "merge of an unknown mapping": (
        put("models.st-merge.from", "maping"),
        ["models.st-merge.from: unknown model", "'mapping'"],
    ),
    "two encoders": (
        put("models.st-merge.encoder", "translator"),
        ["models.st-merge.encoder: 'mapping' is a mapping and has an encoder; leave it out"],
    ),
    "no encoder": (
        put("models.langbridge.encoder", FORGET),
        ["models.langbridge.encoder: 'merge-reasoner' is an LLM; name the encoder, or a mapping as `from`"],
    ),
    "mapping without an encoder": (
        put("models.mapping.encoder", FORGET),
        ["models.mapping: the key 'encoder' is missing"],
    ),
    "unknown encoder": (
        put("models.mapping.encoder", "translater"),
        ["models.mapping.encoder: unknown model 'translater'", "did you mean 'translator'?"],
    ),
    "LLM as an encoder": (
        put("models.langbridge.encoder", "base"),
        ["models.langbridge.encoder: 'base' has the recipe 'pretrain'", "name a model of translator, folder or hub"],
    ),
    "unknown gate": (put("models.st-merge.gate", "cross"), ["models.st-merge.gate: 'cross'", "'cross-attention'"]),
    "a weight of 0": (
        put("models.mindmerger.encoder_weight", 0),
        ["models.mindmerger.encoder_weight: 0 is too small"],
    ),
    "a fixed weight in addition to a gate": (
        put("models.st-merge.encoder_weight", 0.5),
        ["models.st-merge.encoder_weight: goes only with `gate: none`; the gate 'cross-attention' has"],
    ),
    "language embedding below 0": (
        put("models.st-merge.language_embedding", -1),
        ["models.st-merge.language_embedding: -1 is too small"],
    ),
    "unknown option of a translator": (
        put("models.translator.training.warmup_step", 2),
        ["models.translator.training.warmup_step", "'warmup_steps'"],
    ),
    "order of batches, which is ours": (
        put("models.st-merge.training.train_sampling_strategy", "random"),
        ["models.st-merge.training.train_sampling_strategy: the workflow sets this option itself"],
    ),
}

DATA: dict[str, tuple[Edit, list[str]]] = {
    "translator that reads problems": (
        put("models.translator.data", "english-tasks"),
        ["models.translator.data: part 0 of 'english-tasks' has the task 'reasoning'", "'translator' reads 'pairs'"],
    ),
    "mapping that reads problems": (
        put("models.mapping.data", "multilingual-tasks"),
        ["models.mapping.data: part 0 of 'multilingual-tasks'", "'merge-mapping' reads 'pairs'"],
    ),
    "merge that reads pairs": (
        put("models.st-merge.data", "pairs"),
        ["models.st-merge.data: part 0", "'merge' reads 'reasoning'"],
    ),
    "merge that reads text": (
        lambda c: c["data"]["english-tasks"].append({**c["data"]["english-tasks"][0], "task": "text"}),
        ["models.langbridge.data: part 1 of 'english-tasks' has the task 'text'", "reads 'reasoning'"],
    ),
    "LLM that reads pairs": (
        put("models.reasoner.data", "pairs"),
        ["models.reasoner.data: part 0 of 'pairs' has the task 'pairs', which only translators and mappings read"],
    ),
    "unknown set": (put("models.st-merge.data", "pair"), ["models.st-merge.data: set 'pair'", "'pairs'"]),
}

EVALUATIONS: dict[str, tuple[Edit, list[str]]] = {
    "mapping evaluated": (
        add(MERGES, "mapping"),
        ["evaluations.5.models: 'mapping' has the recipe 'merge-mapping' and answers no questions; leave it out"],
    ),
    "translator evaluated": (
        add(MERGES, "translator"),
        ["evaluations.5.models: 'translator' has the recipe 'translator'"],
    ),
    "told language of an LLM": (
        add(ORACLE, "merge-reasoner"),
        ["evaluations.11.decoding: 'oracle' is only for merges; 'merge-reasoner' is not one"],
    ),
    "clamped gate of an LLM": (
        lambda c: c["evaluations"][ORACLE].update(decoding="llm-off", models=["lrm"]),
        ["evaluations.11.decoding: 'llm-off' is only for merges; 'lrm' is not one"],
    ),
    "merge that is translated for": (
        add(TRANSLATED, "st-merge"),
        ["evaluations.8.decoding: 'translate-en' is for an LLM alone; 'st-merge' is a merge"],
    ),
    "merge with a forced prefix": (
        put(f"evaluations.{OF_ADAMAME}.decoding", "forced-prefix"),
        ["evaluations.22.decoding: 'forced-prefix' is for an LLM alone; 'st-merge-adamame' is a merge"],
    ),
    "merge that gets an English text besides": (
        put(f"evaluations.{MIXED}.decoding", "english-context"),
        ["evaluations.16.decoding: 'english-context' is for an LLM alone; 'st-merge' is a merge"],
    ),
    "translation without a translator": (
        put(f"evaluations.{TRANSLATED}.translator", FORGET),
        ["evaluations.8.translator: goes only with `decoding: translate-en`"],
    ),
    "translator without translation": (
        put(f"evaluations.{ORACLE}.translator", "translator"),
        ["evaluations.11.translator: goes only with `decoding: translate-en`"],
    ),
    "unknown translator": (
        put(f"evaluations.{TRANSLATED}.translator", "translater"),
        ["evaluations.8.translator: 'translater' is not a model of", "did you mean 'translator'?"],
    ),
    "LLM as a translator": (
        put(f"evaluations.{TRANSLATED}.translator", "base"),
        ["evaluations.8.translator: 'base' is not a model of translator, folder or hub"],
    ),
    "word problems in two languages": (
        put(f"evaluations.{MIXED}.benchmarks", ["mini-xnli", "mini-mgsm"]),
        ["evaluations.16.decoding: 'mixed-en' needs questions of several lines", "'mini-mgsm' lacks"],
    ),
    "unknown decoding": (
        put(f"evaluations.{ORACLE}.decoding", "oracl"),
        ["evaluations.11.decoding: 'oracl'", "'oracle'"],
    ),
    "two ways of one generation": (
        lambda c: c["evaluations"].append({**c["evaluations"][ORACLE], "max_new_tokens": 7}),
        ["evaluations.24.max_new_tokens: st-merge+oracle on mini-xnli", "make them equal"],
    ),
}

SECTION: dict[str, tuple[Edit, list[str]]] = {
    "target of no evaluation": (
        put("merge.target", "merges"),
        ["merge.target: no evaluation has the target 'merges'", "did you mean 'merge'?"],
    ),
    "reference not evaluated": (
        put("merge.reference", "lrm"),
        ["merge.reference: 'lrm' is in no evaluation of the target 'merge'", "choose from: "],
    ),
    "baseline not evaluated": (
        put("merge.baseline", "st-merge-sigmoid"),
        ["merge.baseline: 'st-merge-sigmoid' is in no evaluation of the target 'merge'", "did you mean 'st-merge'?"],
    ),
    "model of another target": (
        put("merge.model", "st-merge-adamame"),
        ["merge.model: 'st-merge-adamame' is in no evaluation of the target 'merge'"],
    ),
    "unknown reference": (
        put("merge.reference", "merge-reasonr"),
        ["merge.reference: model 'merge-reasonr'", "'merge-reasoner'"],
    ),
    "unknown low-resource language": (
        put("merge.low_resource", ["sw", "yo"]),
        ["merge.low_resource: language 'yo' is not among the study's languages"],
    ),
    "no low-resource language": (put("merge.low_resource", []), ["merge.low_resource: needs at least 1"]),
    "key missing": (put("merge.model", FORGET), ["merge: the key 'model' is missing"]),
}

REFUSED = {**PARENTS, **DATA, **EVALUATIONS, **SECTION}


def test_every_case_has_a_name_of_its_own() -> None:
    assert len(REFUSED) == len(PARENTS) + len(DATA) + len(EVALUATIONS) + len(SECTION)


@pytest.mark.parametrize("name", REFUSED)
def test_the_study_is_refused(name: str, default_study: dict[str, Any]) -> None:
    edit, said = REFUSED[name]
    message = refusal(default_study, edit)
    assert all(part in message for part in said), message


def test_evaluations_are_the_ones_that_are_meant(default_study: dict[str, Any]) -> None:
    found = [(e["target"], e.get("decoding", "plain")) for e in default_study["evaluations"]]
    assert found[MERGES] == ("merge", "plain") and found[OF_ADAMAME] == ("merge-adamame", "plain")
    assert found[TRANSLATED] == ("merge", "translate-en")
    assert found[ORACLE] == ("merge-steering", "oracle") and found[MIXED] == ("merge-steering", "mixed-en")


def test_what_is_allowed(default_study: dict[str, Any]) -> None:
    """A merge that names an encoder of a folder; the section without its target's name; no section."""
    config = edited(default_study, put("models.encoder", {"recipe": "folder", "path": "models/xlm-r"}))
    config["models"]["langbridge"]["encoder"] = "encoder"
    assert compiled(config).models["langbridge"].parts["encoder"] == "encoder"
    renamed = edited(default_study, put("merge.target", "mine"))
    for evaluation in renamed["evaluations"]:
        if evaluation["target"] == "merge":
            evaluation["target"] = "mine"
    assert [target.name for target in compiled(renamed).targets.values() if target.merge] == ["mine", "all"]
    study = compiled(default_study, edit=put("merge", FORGET))
    assert study.targets["merge-"].evaluations and not study.targets["merge-"].merge
