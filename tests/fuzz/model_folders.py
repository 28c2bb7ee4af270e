"""Model folders that are wrong in every way we know: tiny ones, changed at random, and what must come of each.

A mutation changes a sound folder and says whether it has to be refused: True, or False where the change may be one that
nobody can tell (a number of the weights, a setting that the model does not use) or is none.
"""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from wrong_files import (
    against_the_manifest,
    another_architecture,
    another_tokenizer,
    bad_template,
    from_elsewhere,
    gone,
    larger_tokenizer,
    manifest_of_another_type,
    no_file,
    odd_file,
    odd_value,
    template_of_another_type,
    untouched,
    wrong_size,
)
from wrong_weights import (
    changed_header,
    cut_weights,
    index,
    misshapen,
    missing,
    not_finite,
    pickled,
    renamed,
    too_large,
    unexpected,
    whole_numbers,
)

BASES = ("llama", "qwen3", "gpt2", "t5", "xlm-roberta")
CAUSAL = ("llama", "qwen3", "gpt2")

Mutation = Callable[[random.Random, Path, str], bool]
MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        *(missing, unexpected, renamed, misshapen, not_finite, too_large, whole_numbers, cut_weights, changed_header),
        *(pickled, index, wrong_size, another_architecture, from_elsewhere, odd_file, larger_tokenizer),
        *(another_tokenizer, manifest_of_another_type, against_the_manifest, no_file, gone, untouched),
    )
} | {
    f"odd_value of {name}": partial(odd_value, name)
    for name in ("config.json", "tokenizer_config.json", "generation_config.json", "tokenizer.json")
}
TEMPLATES: dict[str, Mutation] = {one.__name__: one for one in (bad_template, template_of_another_type)}
