"""Packed rows: examples packed whole into rows of one length, taken apart again, and the loss over their completions.

The loss is over completions alone, and the output layer runs on those tokens alone, since for a vocabulary of thousands
it costs as much as the layers below it. On a CPU, without compiling, this was 2.8 times as fast as padded batches with
the logits of every token; taking rows apart into groups of similar length is faster still.
"""

import random
from collections.abc import Iterator
from os.path import commonprefix
from typing import Any

import torch
from torch.nn.functional import cross_entropy, linear_cross_entropy

from vernacular.models.chats import chat_texts

IGNORED = -100  # the label of tokens without a loss
TOKENIZED = 1000  # rows that are tokenized in one call, which then holds 10 MB or so
OPEN_ROWS = 32  # that an example may still be packed into
GROUPS = 6  # of the examples of a batch: more waste less padding, but a layer's kernels start once for each


def encode_examples(tokenizer: Any, rows: list[dict[str, Any]]) -> list[tuple[list[int], int]]:
    """Token ids of rows of records.TRAINING, and how many of them are prompt (none in plain text).

    Many rows go through template and tokenizer in one call, since a call for each takes most of the time.
    """
    return [example for n in range(0, len(rows), TOKENIZED) for example in encoded(tokenizer, rows[n : n + TOKENIZED])]


def encoded(tokenizer: Any, rows: list[dict[str, Any]]) -> Iterator[tuple[list[int], int]]:
    chats = [row for row in rows if row["prompt"] is not None]
    users = [[{"role": "user", "content": row["prompt"]}] for row in chats]
    talks = [
        [*user, {"role": "assistant", "content": row["completion"]}] for user, row in zip(users, chats, strict=True)
    ]
    wholes, openings = iter(chat_texts(tokenizer, talks)), iter(chat_texts(tokenizer, users, opening=True))
    starts: list[str] = []
    rests: list[str] = []
    for row in rows:
        is_chat = row["prompt"] is not None
        whole, opening = (next(wholes), next(openings)) if is_chat else (row["completion"] + tokenizer.eos_token, "")
        # A template may open the assistant's turn with more than every turn holds: a translation has no `<think>`.
        prompt = commonprefix([whole, opening])
        starts.append(f"{row['context']}\n{prompt}" if row["context"] else prompt)
        rests.append(whole.removeprefix(prompt))
    ids = (tokenizer(texts, add_special_tokens=False)["input_ids"] for texts in (starts, rests))
    for start, rest in zip(*ids, strict=True):
        yield start + rest, len(start)


Example = tuple[list[int], int]  # token ids, and how many of them are prompt


def fitted(example: Example, room: int, overlong: str) -> Example | None:
    """An example of at most `room` tokens; None if it is dropped.

    overlong: what becomes of a longer one. `truncate`, as the code of SLAM, QAlign and MindMerger does: its end is cut
    off, and where nothing but prompt is left it is dropped, since there is no loss on that. `drop`: it is dropped.
    """
    ids, prompt = example
    if len(ids) <= room:
        return example
    return (ids[:room], prompt) if overlong == "truncate" and prompt < room else None


def pack(examples: list[tuple[list[int], int]], length: int, pad: int, seed: int) -> list[dict[str, list[int]]]:
    """Shuffle examples and pack them whole into rows of `length` tokens.

    Each row holds `input_ids`, `labels` (IGNORED on prompts, on padding and on the first token of an example, which
    nothing of its own predicts) and `position_ids`, which start at 0 with each example: from these Transformers derives
    a mask that keeps examples from seeing each other. An example goes into the fullest of the last OPEN_ROWS rows that
    it fits into; our choice, which leaves 3 to 6 % of padding if a row holds three examples or more.
    Raises ValueError for an example of more than `length` tokens.
    """
    order = list(range(len(examples)))
    random.Random(seed).shuffle(order)
    done: list[dict[str, list[int]]] = []
    rows: list[dict[str, list[int]]] = []
    for index in order:
        ids, prompt = examples[index]
        if len(ids) > length:
            raise ValueError(f"an example has {len(ids)} tokens but rows hold {length}: raise `length` of the recipe")
        fitting = [row for row in rows if len(row["input_ids"]) + len(ids) <= length]
        if fitting:
            row = max(fitting, key=lambda row: len(row["input_ids"]))
        else:
            row = {"input_ids": [], "labels": [], "position_ids": []}
            rows.append(row)
            if len(rows) > OPEN_ROWS:
                done.append(rows.pop(max(range(OPEN_ROWS), key=lambda i: len(rows[i]["input_ids"]))))
        row["input_ids"] += ids
        row["labels"] += [IGNORED] * max(prompt, 1) + ids[max(prompt, 1) :]
        row["position_ids"] += range(len(ids))
    done += rows
    for row in done:
        missing = length - len(row["input_ids"])
        row["input_ids"] += [pad] * missing
        row["labels"] += [IGNORED] * missing
        row["position_ids"] += range(missing)
    return done


def collate(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """(batch, length) int64 tensors."""
    return {key: torch.tensor([row[key] for row in rows]) for key in rows[0]}


def padded(sequences: list[list[int]], value: int) -> torch.Tensor:
    """(n, longest) int64: sequences of different lengths, padded on the right."""
    width = max(map(len, sequences))
    return torch.tensor([sequence + [value] * (width - len(sequence)) for sequence in sequences], dtype=torch.int64)


# --- Packed rows taken apart again, into groups of examples of similar length.
#
# Attention over a packed row computes every pair of its tokens, most of which belong to two examples and count for
# nothing. Next to others of its length an example attends to itself alone, for some padding. Our choice; what a step
# learns from, and its gradients up to rounding, are the same.


def groups_of(labels: torch.Tensor, position_ids: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Where the examples of packed rows lie, shortest first, in at most GROUPS groups of equally many examples.

    labels, position_ids: (batch, length) int64; a position 0 begins an example, and one without a label is padding.
    A group is (n, width) int64 places in the flattened batch, and (n, width) bool: whether the example reaches there.
    """
    begins = position_ids.flatten() == 0
    starts, example = begins.nonzero().flatten(), begins.cumsum(0) - 1
    lengths = torch.bincount(example)
    is_labelled = torch.bincount(example, labels.flatten() != IGNORED) > 0
    starts, lengths = starts[is_labelled], lengths[is_labelled]
    groups = []
    for group in lengths.argsort().tensor_split(min(GROUPS, len(lengths))):
        place = torch.arange(int(lengths[group].max()), device=labels.device)
        real = place < lengths[group][:, None]
        groups.append((torch.where(real, starts[group][:, None] + place, 0), real))
    return groups


def take_apart(
    labels: torch.Tensor, inputs: dict[str, torch.Tensor]
) -> list[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    """The groups of a packed batch, each as (labels, inputs) of a decoder that no padding on the right disturbs."""
    ids = inputs["input_ids"].flatten()
    return [
        (labels.flatten()[places].masked_fill(~real, IGNORED), {"input_ids": ids[places]})
        for places, real in groups_of(labels, inputs["position_ids"])
    ]


def are_groups_cheaper(batch: dict[str, torch.Tensor], model: Any) -> bool:
    """Whether groups cost a model at least a tenth less than a packed batch of (batch, length) does.

    For rows of w tokens attention computes 4 w h a token (forward), the linear layers about 26 h^2 in a decoder of
    width h whose feed-forward layers are three times as wide, and the output layer some more: w / 8h of all, or so.
    """
    width = 8 * model.config.get_text_config().hidden_size
    packed = batch["labels"].numel() * (1 + batch["labels"].shape[1] / width)
    groups = groups_of(batch["labels"], batch["position_ids"])
    return sum(places.numel() * (1 + places.shape[1] / width) for places, _ in groups) < 0.9 * packed


def head_loss(head: Any, hidden: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The mean loss of an output layer over (n, width) hidden states and the (n,) int64 tokens that follow them.

    In float32 on a CPU its logits are made and used piece by piece, which stays in the cache and takes half the time;
    otherwise the layer itself is called, since what shards or adapts it waits for that call.
    """
    is_plain = type(head) is torch.nn.Linear and not torch.is_autocast_enabled(wanted.device.type)
    if wanted.device.type == "cpu" and hidden.dtype == torch.float32 and is_plain:
        pieces = torch.nn.LinearCrossEntropyOptions()
        return linear_cross_entropy(hidden, head.weight, wanted, linear_bias=head.bias, options=pieces)
    return cross_entropy(head(hidden).float(), wanted)
