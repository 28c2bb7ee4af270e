"""SLAM's probe (arXiv 2501.03681): in which layers does the activity of neurons differ between languages?

The paper describes its statistics (active neurons per language, their overlap with English, their deviation across
languages) but prints no equation, and its code holds no probe, so the exact forms below are our choice:

- neuron j of layer l is active at a token where act_fn(gate) > threshold (act_fn of the first matrix, if not gated);
  p(l, j, k) is the share of the tokens of language k at which it is, padding left out;
- n(l, k) = (1/width) sum_j p(l, j, k), the mean active share of the layer;
- MSD(l) = (1/K) sum_k (n(l, k) - mean_k n(l, k))^2, and neuron by neuron: the mean over j of the same variance of
  p(l, j, k), which also sees languages that use as many but other neurons;
- A(l, k) = {j: p(l, j, k) > active_share}; the overlap with English is |A_k and A_en| / |A_k or A_en| (Jaccard);
- stability is Spearman's correlation between the layers' MSD from the questions with an even number and from the rest.

The model reads the bare question, without instruction, chat template or special tokens (our choice): whatever all
languages share would blur what differs. Only sums are kept: layers x neurons x languages x 2 halves, and one batch.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from numpy.typing import NDArray

from vernacular.language.languages import ENGLISH
from vernacular.slam.mlp import Mlp, decoder_mlps
from vernacular.slam.options import ProbeOptions

Array = NDArray[np.float64]
Batch = tuple[str, list[str]]  # a language and some of its questions


def question_batches(rows: Iterable[dict[str, Any]], options: ProbeOptions) -> Iterator[Batch]:
    """Yield the questions (records.QUESTION) of a benchmark as batches of one language each, in the order of the rows.

    At most one batch per language is pending. Raises ValueError at the end if a language has no question, or if
    languages differ in their ids or in the order of ids: the probe compares the same questions.
    """
    pending: dict[str, list[str]] = {language: [] for language in options.languages}
    ids = {language: hashlib.sha256() for language in pending}
    counts = dict.fromkeys(pending, 0)
    for row in rows:
        language = row["language"]
        if row["benchmark"] != options.benchmark or counts.get(language) in (None, options.questions):
            continue
        counts[language] += 1
        ids[language].update(f"{row['id']}\0".encode())
        pending[language].append(row["question"])
        if len(pending[language]) == options.batch_size:
            yield language, pending[language]
            pending[language] = []
    yield from ((language, texts) for language, texts in pending.items() if texts)
    if missing := [language for language, count in counts.items() if not count]:
        raise ValueError(f"no '{options.benchmark}' questions in {', '.join(missing)}; see slam.languages")
    if len({digest.digest() for digest in ids.values()}) > 1:
        raise ValueError(
            f"'{options.benchmark}' is not parallel in slam.languages: the probe needs the same questions in the same "
            f"order (questions: {listed(counts)})"
        )


def probe(model: Any, tokenizer: Any, batches: Iterable[Batch], options: ProbeOptions) -> list[dict[str, Any]]:
    """PROBE rows, layer by layer and in the order of options' `languages`, from a Transformers decoder in eval mode.

    Every language must occur in `batches` with the same number of questions; how they are cut into batches changes no
    count. Raises ValueError for an MLP of an unknown shape, a question that is empty or longer than the context, and an
    activation that is NaN or infinite (with layer and language).
    """
    mlps, languages = decoder_mlps(model), options.languages
    counts = [torch.zeros(len(languages), 2, mlp.width, dtype=torch.int64, device=model.device) for mlp in mlps]
    tokens = np.zeros((len(languages), 2), dtype=np.int64)
    questions = dict.fromkeys(languages, 0)
    for language, texts in batches:
        k = languages.index(language)
        ids, lengths = encode(model, tokenizer, language, texts)
        real = torch.arange(ids.shape[1]) < lengths[:, None]
        odd = (torch.arange(len(texts)) + questions[language]) % 2 == 1
        halves = [(real & (odd == half)[:, None]).flatten().to(model.device) for half in (False, True)]
        tokens[k] += [int(half.sum()) for half in halves]
        questions[language] += len(texts)
        with ExitStack() as hooks, torch.no_grad():
            for mlp, sums in zip(mlps, counts, strict=True):
                hook = partial(count_active, mlp, sums[k], halves, options.threshold, language)
                hooks.callback(mlp.pre.register_forward_hook(hook).remove)
            mask = real.to(model.device, torch.int64)
            model.base_model(input_ids=ids.to(model.device), attention_mask=mask, use_cache=False)
    if len(set(questions.values())) > 1 or not all(questions.values()):
        raise ValueError(
            f"the probe needs equally many questions in each language, at least one; it read: {listed(questions)}"
        )
    return layer_rows(mlps, [np.asarray(sums.cpu()) for sums in counts], tokens, questions, options.active_share)


def listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{language} {count}" for language, count in counts.items())


def encode(model: Any, tokenizer: Any, language: str, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """(token ids, padded on the right whatever the tokenizer does, so that no position shifts; lengths), both int64."""
    context = getattr(model.config.get_text_config(), "max_position_embeddings", tokenizer.model_max_length)
    ids = [torch.tensor(row, dtype=torch.int64) for row in tokenizer(texts, add_special_tokens=False)["input_ids"]]
    lengths = torch.tensor([len(row) for row in ids])
    if not lengths.all():
        raise ValueError(f"a question in '{language}' has no tokens; remove it from the questions")
    if (longest := int(lengths.max())) > context:
        raise ValueError(
            f"a question in '{language}' has {longest} tokens, but the model's context holds {context}; leave it out"
        )
    return torch.nn.utils.rnn.pad_sequence(ids, batch_first=True), lengths


def count_active(
    mlp: Mlp, sums: torch.Tensor, halves: list[torch.Tensor], threshold: float, language: str, *hooked: Any
) -> None:
    """A forward hook on `mlp.pre`, whose output comes last: add to sums (2, width) how often each neuron is active.

    halves: for each half of the questions, which positions of the batch (flattened) are its real tokens.
    """
    before = hooked[-1].reshape(-1, mlp.width)  # OPT's come flattened, others as (batch, length, width)
    for half, real in enumerate(halves):
        chosen = before[real]
        if not torch.isfinite(chosen).all():  # looked for here, since ReLU turns minus infinity into 0
            raise ValueError(
                f"layer {mlp.layer} ({mlp.name}) has NaN or infinite activations on questions in '{language}'; "
                "check the model's weights and precision"
            )
        sums[half] += (mlp.activation(chosen) > threshold).sum(dim=0)


def layer_rows(
    mlps: list[Mlp], counts: list[NDArray[np.int64]], tokens: NDArray[np.int64], questions: dict[str, int],
    active_share: float,
) -> list[dict[str, Any]]:  # fmt: skip
    """PROBE rows from the sums: counts, a layer each, (languages, halves, width); tokens (languages, halves)."""
    stability = None
    if tokens.all():  # a single question leaves the second half empty
        first, second = (
            pd.Series([deviation(layer[:, half] / tokens[:, half, None]) for layer in counts]) for half in (0, 1)
        )
        correlation = float(first.rank().corr(second.rank()))
        stability = None if np.isnan(correlation) else correlation
    rows = []
    for mlp, layer in zip(mlps, counts, strict=True):
        shares: Array = layer.sum(axis=1) / tokens.sum(axis=1)[:, None]
        active_sets = dict(zip(questions, shares > active_share, strict=True))
        for k, language in enumerate(questions):
            rows.append(
                {
                    "layer": mlp.layer,
                    "language": language,
                    "width": mlp.width,
                    "questions": questions[language],
                    "tokens": int(tokens[k].sum()),
                    "active": float(shares[k].mean()),
                    "active_neurons": int(active_sets[language].sum()),
                    "overlap": overlap(active_sets[language], active_sets.get(ENGLISH)),
                    "msd": deviation(shares),
                    "msd_neurons": float(shares.var(axis=0).mean()),
                    "stability": stability,
                }
            )
    return rows


def deviation(shares: Array) -> float:
    """MSD(l) of p(l, j, k), given as (languages, width)."""
    return float(shares.mean(axis=1).var())


def overlap(active: NDArray[np.bool_], english: NDArray[np.bool_] | None) -> float | None:
    """Jaccard's index of two active sets, given as (width,); None without English or where both are empty."""
    if english is None or not (either := int((active | english).sum())):
        return None
    return int((active & english).sum()) / either


PROBE = pa.schema(
    [
        ("layer", pa.int64()),  # from 0
        ("language", pa.string()),
        ("width", pa.int64()),  # neurons of the layer
        ("questions", pa.int64()),
        ("tokens", pa.int64()),  # of the questions, padding left out
        ("active", pa.float64()),  # n(l, k)
        ("active_neurons", pa.int64()),  # |A(l, k)|
        ("overlap", pa.float64()),  # null without English, and where neither has an active neuron
        ("msd", pa.float64()),  # of the layer, the same in each of its rows
        ("msd_neurons", pa.float64()),
        ("stability", pa.float64()),  # of the ranking of layers, the same in each row; null where it has no rank
    ]
)
