"""Where a mapping starts: at the LLM's own words. Our choice, before MindMerger's first stage.

A random mapping gives an LLM nothing it recognises, and a small LLM then learns to do without it: sentences come out
in the right form with other words in them. So the mapping first learns, without the LLM, to send the encoder's features
of each English token to the LLM's embeddings of the same characters.
"""

import random
from typing import Any

import torch

from vernacular.language.languages import ENGLISH
from vernacular.merge.model import MergedModel
from vernacular.models.encoder import encode_texts

STEPS, TOKENS, RATE = 1500, 1024, 3e-3  # of the regression: steps, tokens in each, learning rate falling to 0
BATCH = 64  # sentences that the encoder reads at once


def anchor_mapping(model: MergedModel, sentences: list[str], seed: int) -> float:
    """Train the model's mapping on English sentences; returns the mean cosine that it reaches on their tokens.

    Two tokenizers cut a sentence in different places: a token's target is the mean embedding of all the LLM's tokens
    that share a character with it. A sentence that the encoder cannot read whole is left out. Raises ValueError for a
    tokenizer that does not report the positions of its tokens.
    """
    for name, tokenizer in (("encoder", model.encoder_tokenizer), ("LLM", model.tokenizer)):
        if not tokenizer.is_fast:
            raise ValueError(f"the tokenizer of the {name} does not report token positions; set `anchor: 0`")
    sizes = map(len, encode_texts(model.encoder_tokenizer, sentences, [ENGLISH] * len(sentences), None))
    sentences = [text for text, size in zip(sentences, sizes, strict=True) if size <= (model.limit or size)]
    features, targets = english_tokens(model, sentences)
    generator = torch.Generator().manual_seed(seed)
    mapping = model.connector.mapping
    optimizer = torch.optim.Adam(mapping.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, STEPS)
    with torch.enable_grad():
        for _ in range(STEPS):
            batch = torch.randint(len(features), (TOKENS,), generator=generator).to(features.device)
            loss = -torch.nn.functional.cosine_similarity(mapping(features[batch]), targets[batch]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        return float(torch.nn.functional.cosine_similarity(mapping(features), targets).mean())


@torch.no_grad()
def english_tokens(model: MergedModel, sentences: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """(tokens, encoder width): the encoder's features of each token; (tokens, LLM width): where they are to be sent."""
    embeddings = model.llm.get_input_embeddings().weight.float()
    device = embeddings.device
    features, targets = [], []
    for n in range(0, len(sentences), BATCH):
        part = sentences[n : n + BATCH]
        ids = encode_texts(model.encoder_tokenizer, part, [ENGLISH] * len(part), model.limit)
        inputs = model.encoder_tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(model.device)
        hidden = model.encoder(**inputs).last_hidden_state.float()
        encoder_spans = model.encoder_tokenizer(part, return_offsets_mapping=True)["offset_mapping"]
        llm = model.tokenizer(part, return_offsets_mapping=True, add_special_tokens=False)
        places: list[tuple[int, int]] = []  # row and column of each encoder token that has a target
        overlaps: list[tuple[int, int]] = []  # which of these, and an LLM token that shares a character with it
        for row, spans in enumerate(encoder_spans):
            llm_spans = list(zip(llm["input_ids"][row], llm["offset_mapping"][row], strict=True))
            for column, (start, end) in enumerate(spans):
                if tokens := [token for token, (first, last) in llm_spans if first < end and start < last]:
                    overlaps += [(len(places), token) for token in tokens]
                    places.append((row, column))
        rows, columns = torch.tensor(places, device=device).T
        owners, llm_tokens = torch.tensor(overlaps, device=device).T
        features.append(hidden[rows, columns])
        sums = embeddings.new_zeros(len(places), embeddings.shape[1]).index_add(0, owners, embeddings[llm_tokens])
        targets.append(sums / owners.bincount(minlength=len(places))[:, None])
    return torch.cat(features), torch.cat(targets)


def sample_sentences(rows: list[dict[str, Any]], count: int, seed: int) -> list[str]:
    """At most `count` different English sentences of rows of the task `pairs`."""
    sentences = sorted({row["completion"] for row in rows})
    return random.Random(seed).sample(sentences, min(count, len(sentences)))
