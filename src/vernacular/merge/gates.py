"""Gates: how much of the encoder's features and of the LLM's own embeddings goes into a merge, example by example.

ST-Merge's equations are not public (arXiv 2606.19002; what is known: the LLM's features are the query, the mapped
encoder features key and value, a language embedding enters the gate, two weights of the form 1 + tanh come out). What
is not known is our choice: one head, a masked mean over the question, one hidden layer, and what the weights of an
example are: two numbers, two vectors that weigh elementwise (`vector`), or two numbers that weigh attention instead of
embeddings (`attention-bias`, merge/key_weights.py). docs/st-merge.md says which of them an LLM's norms hide.
"""

import torch
from torch import nn

BIAS = "attention-bias"
KINDS = ("none", "fixed", "cross-attention", "sigmoid", "vector", BIAS, "prefix-only")


class FixedGate(nn.Module):
    """Two learned scalars for every example, 1 + tanh(w), w = 0 at the start: the ablation Fix-Merge."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(2))

    def forward(self, features, feature_mask, embeddings, embedding_mask, language):  # type: ignore[no-untyped-def]
        """(batch, 2, 1): the weights of the encoder's features and of the LLM's embeddings."""
        return (1 + torch.tanh(self.weights)).expand(features.shape[0], 2)[..., None]


class CrossAttentionGate(nn.Module):
    """ST-Merge's. With Q from the LLM's embeddings T, K and V from the mapped features X, A = softmax(QK'/sqrt d)V:

        g = 1 + tanh(W2 relu(W1 [mean(A); e_language]))      (bounded: sigmoid(...) instead of 1 + tanh)

    W2 and its bias start at zero, so that g starts at 1 and the merge as MindMerger's (bounded: at 1/2, our ablation).
    g has `size` numbers for X and as many for T: 1, or `width` for a weight of its own for each dimension.
    """

    def __init__(self, width: int, languages: int, language_width: int, bounded: bool, size: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.language = nn.Embedding(languages, language_width) if language_width else None
        self.hidden = nn.Linear(width + language_width, width)
        self.out = nn.Linear(width, 2 * size)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.bounded = bounded

    def forward(self, features, feature_mask, embeddings, embedding_mask, language):  # type: ignore[no-untyped-def]
        """features (batch, n, width), embeddings (batch, m, width), masks 1 where real; language (batch,) int64, -1 for
        a language never seen in training, which gets the mean embedding. Returns (batch, 2, size)."""
        attended = nn.functional.scaled_dot_product_attention(
            self.query(embeddings), self.key(features), self.value(features), attn_mask=feature_mask[:, None].bool()
        )
        real = embedding_mask[..., None].to(attended)
        pooled = (attended * real).sum(1) / real.sum(1).clamp(min=1)
        if self.language is not None:
            known = self.language(language.clamp(min=0))
            mean = self.language.weight.mean(0).expand_as(known)
            pooled = torch.cat([pooled, torch.where((language >= 0)[:, None], known, mean)], dim=-1)
        logits = self.out(torch.relu(self.hidden(pooled))).float()  # bfloat16 has 1 and 1.008, nothing between
        weights = torch.sigmoid(logits) if self.bounded else 1 + torch.tanh(logits)
        return weights.unflatten(-1, (2, -1))


def build_gate(kind: str, width: int, languages: int, language_width: int) -> nn.Module | None:
    """The module of a gate; none for MindMerger (`none`) and LangBridge (`prefix-only`), which weigh nothing."""
    if kind == "fixed":
        return FixedGate()
    if kind in ("cross-attention", "sigmoid", "vector", BIAS):
        size = width if kind == "vector" else 1
        return CrossAttentionGate(width, languages, language_width, bounded=kind == "sigmoid", size=size)
    if kind in KINDS:
        return None
    raise ValueError(f"'{kind}' is not a gate; choose from: {', '.join(KINDS)}")
