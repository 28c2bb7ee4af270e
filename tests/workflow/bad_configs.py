"""Edits of the default study that make it one that cannot be run, and what the one line of the error then says."""

from typing import Any

from bad_data import DATA
from bad_evaluations import EVALUATIONS
from bad_models import MODELS
from edits import FORGET, Edit, put


def bomb(levels: int) -> Any:
    """Ten to the power of `levels` words, as a few lines of YAML give them."""
    data: Any = "lol"
    for _ in range(levels):
        data = [data] * 10
    return data


def endless() -> list[Any]:
    data: list[Any] = []
    data.append(data)
    return data


# These go through Snakemake itself, on a finished study.
PROMISED: dict[str, tuple[Edit, list[str]]] = {
    "unknown key": (put("bootstrapp", 3), ["bootstrapp: unknown key", "did you mean 'bootstrap'"]),
    "unknown key in a model": (put("models.sft.trainin", {}), ["models.sft.trainin: unknown key", "'training'"]),
    "unknown key in alignment": (
        put("models.adamame.alignment.bonsu", 1),
        ["models.adamame.alignment.bonsu", "'bonus'"],
    ),
    "unknown model evaluated": (
        put("evaluations.0.models", ["adamme"]),
        ["evaluations.0.models", "'adamme'", "'adamame'"],
    ),
    "unknown parent": (put("models.adamame.from", "sfft"), ["models.adamame.from: unknown model 'sfft'", "'sft'"]),
    "cycle": (put("models.sft.from", "adamame"), ["models.sft.from: a cycle", "sft -> adamame -> sft"]),
    "no phrasebook": (
        lambda c: (c["languages"].append("fi"), c["evaluations"][0].update(languages=["en", "fi"], in_domain=[])),
        ["evaluations.0.benchmarks: 'mini-mgsm' is made from phrasebooks, and 'fi' has none", "leave it out there"],
    ),
    "bonus below 0": (
        put("models.adamame.alignment.bonus", -1),
        ["models.adamame.alignment.bonus: -1 is too small", "minimum is 0"],
    ),
    "k of 0": (put("evaluations.0.samples", 0), ["evaluations.0.samples: 0 is too small", "minimum is 1"]),
    "group over processes": (
        put("models.adamame.training.per_device_train_batch_size", 63),
        ["models.adamame.training.per_device_train_batch_size: 63", "num_generations (8)", "nearest is 64"],
    ),
    "checkpoint between rollouts": (
        lambda c: c["models"]["adamame"]["training"].update(steps_per_generation=4, save_steps=10),
        ["models.adamame.training.save_steps: 10", "multiple of 4", "nearest is 8"],
    ),
}

# These and those of the other files are checked by the same function in this process.
WHOLE: dict[str, tuple[Edit, list[str]]] = {
    "missing key": (put("languages", FORGET), ["the file: the key 'languages' is missing"]),
    "misspelt required key": (lambda c: c.update(modles=c.pop("models")), ["modles: unknown key", "'models'"]),
    "language code as a truth value": (put("languages", ["en", False]), ["languages.1: expected a text, got False"]),
    "language twice": (put("languages", ["en", "en"]), ["languages: names something twice"]),
    "former name of limits": (put("most", {"runtime": 7}), ["most: unknown key; it is now called 'limits'"]),
    "study with a path": (put("study", "../x"), ["study: '../x' must have the form"]),
    # Names stand in paths and commands.
    "study of 300 letters": (put("study", "a" * 300), ["study: 'aaaaaaaaaa", "must have the form"]),
    "study outside": (put("study", "../mine"), ["study: '../mine' must have the form"]),
    "study with a line end": (put("study", "mine\n"), ["study: 'mine\\n' must have the form"]),
    "bomb of aliases": (put("scale", bomb(9)), ["has more than 100,000 values"]),
    "a list in itself": (put("scale", endless()), ["has more than 100,000 values"]),
    "escapes for a terminal": (put("languages", ["en", "\x1b[2J"]), ["languages.1: '\\x1b[2J' must have the form"]),
}

OTHERS = {**WHOLE, **MODELS, **EVALUATIONS, **DATA}
