"""Where a mapping starts: at the LLM's own words. Our choice, before the stage that MindMerger begins with.

A mapping drawn by chance gives an LLM nothing that it knows, and a small LLM then learns to do without: sentences come
out in the right form with other words in them. So the mapping first learns, without the LLM, to send the encoder's
features of each English token to the LLM's embeddings of the same characters.
"""

import random
from typing import Any

import torch

from vernacular.merge.model import MergedModel
from vernacular.models.encoder import encode_texts

STEPS, TOKENS, RATE = 1500, 1024, 3e-3  # of the regression: steps, tokens in each, learning rate falling to 0
TOGETHER = 64  # sentences that the encoder reads at once


def anchor_mapping(model: MergedModel, sentences: list[str], seed: int) -> float:
    """Train the model's mapping on English sentences; returns the mean cosine that it reaches on their tokens.

    Two tokenizers cut a sentence in different places: a token's aim is the mean of the embeddings of all the LLM's
    tokens that share a character with it. Both must tell the places of their tokens; raises ValueError else.
    """
    for name, tokenizer in (("encoder", model.encoder_tokenizer), ("LLM", model.tokenizer)):
        if not tokenizer.is_fast:
            raise ValueError(f"the tokenizer of the {name} does not tell where its tokens stand; set `anchor: 0`")
    features, aims = english_tokens(model, sentences)
    draw = torch.Generator().manual_seed(seed)
    mapping = model.connector.mapping
    optimizer = torch.optim.Adam(mapping.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, STEPS)
    with torch.enable_grad():
        for _ in range(STEPS):
            some = torch.randint(len(features), (TOKENS,), generator=draw).to(features.device)
            loss = -torch.nn.functional.cosine_similarity(mapping(features[some]), aims[some]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        return float(torch.nn.functional.cosine_similarity(mapping(features), aims).mean())


@torch.no_grad()
def english_tokens(model: MergedModel, sentences: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """(tokens, encoder width): the encoder's features of each token; (tokens, LLM width): where it is to be sent."""
    words = model.llm.get_input_embeddings().weight.float()
    features, aims = [], []
    device = words.device
    for n in range(0, len(sentences), TOGETHER):
        part = sentences[n : n + TOGETHER]
        ids = encode_texts(model.encoder_tokenizer, part, ["en"] * len(part), model.limit)
        read = model.encoder_tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(model.device)
        hidden = model.encoder(**read).last_hidden_state.float()
        theirs = model.encoder_tokenizer(part, return_offsets_mapping=True)["offset_mapping"]
        own = model.tokenizer(part, return_offsets_mapping=True, add_special_tokens=False)
        at: list[tuple[int, int]] = []  # row and column of each token that has an aim
        shared: list[tuple[int, int]] = []  # which of these, and a token of the LLM's at its place
        for row, places in enumerate(theirs):
            spans = list(zip(own["input_ids"][row], own["offset_mapping"][row], strict=True))
            for column, (start, end) in enumerate(places):
                if same := [token for token, (first, last) in spans if first < end and start < last]:
                    shared += [(len(at), token) for token in same]
                    at.append((row, column))
        rows, columns = torch.tensor(at, device=device).T
        owners, tokens = torch.tensor(shared, device=device).T
        features.append(hidden[rows, columns])
        sums = words.new_zeros(len(at), words.shape[1]).index_add(0, owners, words[tokens])
        aims.append(sums / owners.bincount(minlength=len(at))[:, None])
    return torch.cat(features), torch.cat(aims)


def drawn_sentences(rows: list[dict[str, Any]], count: int, seed: int) -> list[str]:
    """At most `count` different English sentences of rows of the task `pairs`."""
    sentences = sorted({row["completion"] for row in rows})
    return random.Random(seed).sample(sentences, min(count, len(sentences)))
