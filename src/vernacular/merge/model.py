"""A frozen multilingual encoder and a frozen LLM joined by a small connector: MindMerger, ST-Merge, LangBridge.

With H = Enc(question), X = s mapping(H) / |mapping(H)|, T = Emb(prompt) the LLM reads

    [BOS; g_X X; b; g_T T] and then the target        (MindMerger, arXiv 2405.17386: g_X = g_T = 1)

s is the mean length of the LLM's embeddings: our choice. An unconstrained mapping grows features 30 times as long: no
layer of the LLM can add anything to them that matters, and a gate between 0 and 2 cannot scale them back.

b is a learned boundary vector. In the mapping stage, and for LangBridge (arXiv 2401.10695), T is empty of the question.
The gate (merge/gates.py) is the only difference between the variants. `attention-bias` weighs what the LLM's attention
gives the places of X and T, and scales no embedding (merge/key_weights.py).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from vernacular.merge.gates import BIAS, build_gate
from vernacular.merge.key_weights import LOWEST, weigh_keys
from vernacular.merge.saved import CONFIG, CONNECTOR, read_connector, read_merge
from vernacular.models.encoder import encoder_limit, load_encoder
from vernacular.models.folders import load_model
from vernacular.models.packing import IGNORED, head_loss
from vernacular.models.provenance import digest
from vernacular.storage.files import write_json


class Connector(nn.Module):
    """What is trained: the mapping, the boundary vector and the gate, in float32."""

    def __init__(self, encoder_width: int, llm_width: int, options: dict[str, Any]) -> None:
        super().__init__()
        self.mapping: nn.Module
        if options["gate"] == "prefix-only":  # LangBridge: one linear layer
            self.mapping = nn.Linear(encoder_width, llm_width)
        else:  # MindMerger's modeling_mindmerger.py
            hidden = options.get("mapping_width") or 2 * encoder_width
            self.mapping = nn.Sequential(nn.Linear(encoder_width, hidden), nn.ReLU(), nn.Linear(hidden, llm_width))
        self.boundary = nn.Parameter(torch.zeros(llm_width))
        self.gate = build_gate(options["gate"], llm_width, len(options["languages"]), options["language_embedding"])


class MergedModel(nn.Module):
    """A merge. Inputs of `forward` and `generate`, all padded, masks 1 where real:

    encoder_input_ids (batch, n), encoder_attention_mask: the question, for the encoder (padding on the right);
    input_ids (batch, m), attention_mask: the LLM's prompt, or prompt and target (padding on either side);
    language (batch,) int64: position in `options["languages"]`, -1 for any other.
    """

    def __init__(self, encoder: Any, encoder_tokenizer: Any, llm: Any, tokenizer: Any, options: dict[str, Any]) -> None:
        """options: gate, language_embedding (width, 0: none), languages (of the training), encoder, llm (folders),
        mapping_width (of the mapping's hidden layer; 0 or none for MindMerger's), encoder_weight (of X without a gate,
        1 for MindMerger)."""
        super().__init__()
        self.encoder, self.encoder_tokenizer = encoder.requires_grad_(False), encoder_tokenizer
        self.llm, self.tokenizer = llm.requires_grad_(False), tokenizer
        if options["gate"] == BIAS:
            weigh_keys(llm, options["llm"])
        self.options, self.config = options, llm.config
        self.generation_config = llm.generation_config
        self.limit = encoder_limit(encoder.config, encoder_tokenizer)
        width = llm.get_input_embeddings().embedding_dim
        self.length = float(llm.get_input_embeddings().weight.float().norm(dim=-1).mean())
        # `hidden_size`: the features of a token; encoder-decoders map it to their `d_model`.
        self.connector = Connector(encoder.config.hidden_size, width, options).to(llm.device)
        self.clamped: dict[str, float] = {}  # for analysis: "encoder" or "llm" -> the weight that replaces the gate's

    @property
    def device(self) -> torch.device:
        return self.llm.device

    def train(self, mode: bool = True) -> "MergedModel":
        """The parents stay in evaluation mode: what is frozen gets no dropout."""
        super().train(mode)
        self.encoder.eval()
        self.llm.eval()
        return self

    def state_dict(self, *args: Any, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """The connector's tensors alone: a checkpoint never holds the parents."""
        return self.connector.state_dict(prefix="connector.")

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **options: Any) -> Any:
        """What state_dict gave: a resumed training finds its connector, and misses no parent."""
        own = {name.removeprefix("connector."): tensor for name, tensor in state_dict.items()}
        return self.connector.load_state_dict(own, *args, **options)

    def features(self, encoder_input_ids: torch.Tensor, encoder_attention_mask: torch.Tensor) -> torch.Tensor:
        """X: (batch, n, llm width) in the LLM's dtype, each vector as long as the LLM's embeddings are on average."""
        with torch.no_grad():
            hidden = self.encoder(input_ids=encoder_input_ids, attention_mask=encoder_attention_mask).last_hidden_state
        mapped = self.connector.mapping(hidden.to(self.connector.boundary.dtype))
        return (self.length * nn.functional.normalize(mapped, dim=-1)).to(self.llm.dtype)

    def gates(self, features, feature_mask, embeddings, embedding_mask, language):  # type: ignore[no-untyped-def]
        """(batch, 2, 1 or width) float32: the weights of X and of T, of a vector gate for each dimension; where the
        merge has no gate `encoder_weight` and 1."""
        if self.connector.gate is None:
            weights = torch.ones(features.shape[0], 2, 1, device=features.device)
            weights[:, 0] = self.options.get("encoder_weight", 1)
        else:
            weights = self.connector.gate(features.float(), feature_mask, embeddings.float(), embedding_mask, language)
        if self.options["gate"] == BIAS:
            weights = weights.clamp(min=LOWEST)
        for column, name in enumerate(("encoder", "llm")):
            if name in self.clamped:
                weights = weights.clone()
                weights[:, column] = self.clamped[name]
        return weights

    def inputs(  # type: ignore[no-untyped-def]
        self, encoder_input_ids, encoder_attention_mask, input_ids, attention_mask, language, prompt_mask=None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the LLM reads: embeddings (batch, time, width), mask, the place of each `input_ids` token there, and the
        gates (batch, 2), of a vector gate the means over its dimensions.

        Padding is gathered on the left and cut where it is all that a column holds. prompt_mask: 1 where `input_ids` is
        prompt; what follows is target, which no gate weighs or sees. With `attention-bias` the mask holds the weights
        of keys, in float32.
        """
        prompt_mask = attention_mask if prompt_mask is None else prompt_mask
        start = self.tokenizer.bos_token_id
        if start is not None:  # a chat template may put it before the prompt as well, where no LLM has seen it
            second = (attention_mask.cumsum(1) == 1) & prompt_mask.bool() & (input_ids == start)
            attention_mask, prompt_mask = (one.masked_fill(second, 0) for one in (attention_mask, prompt_mask))
        mapped, text = self.features(encoder_input_ids, encoder_attention_mask), self.embed(input_ids)
        weights = self.gates(mapped, encoder_attention_mask, text, prompt_mask, language)
        of_encoder, of_llm = weights.unbind(1)
        is_prompt, read = prompt_mask.bool(), [encoder_attention_mask, attention_mask]
        if self.options["gate"] == BIAS:  # the least number above 0 is a weight, not padding; nothing attends to it
            of_encoder, of_llm = (one.clamp(min=torch.finfo(one.dtype).tiny) for one in (of_encoder, of_llm))
            read = [encoder_attention_mask * of_encoder, attention_mask * torch.where(is_prompt, of_llm, 1)]
        else:
            mapped = mapped * of_encoder.to(mapped.dtype)[:, None]
            text = torch.where(is_prompt[..., None], text * of_llm.to(text.dtype)[:, None], text)
        batch = input_ids.shape[0]
        boundary = self.connector.boundary.to(mapped.dtype).expand(batch, 1, -1)
        ones = attention_mask.new_ones(batch, 1)
        parts = [(mapped, read[0]), (boundary, ones), (text, read[1])]
        if start is not None:
            parts.insert(0, (self.embed(torch.full_like(ones, start)), ones))
        embeddings, mask = torch.cat([part for part, _ in parts], 1), torch.cat([real for _, real in parts], 1)
        embeddings, mask, place = gathered_left(embeddings, mask)
        return embeddings, mask, place[:, -input_ids.shape[1] :], weights.mean(-1)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        return self.llm.get_input_embeddings()(ids)

    def forward(self, labels: torch.Tensor, prompt_mask: torch.Tensor, **batch: torch.Tensor) -> torch.Tensor:
        """The mean next-token loss over the target, a float32 scalar. labels (batch, m): IGNORED outside the target."""
        embeddings, mask, place, _ = self.inputs(prompt_mask=prompt_mask, **batch)
        positions = ((mask > 0).cumsum(1) - 1).clamp(min=0)
        decoder = self.llm.base_model
        hidden = decoder(inputs_embeds=embeddings, attention_mask=mask, position_ids=positions, use_cache=False)
        wanted = labels != IGNORED
        # The token at `place` is predicted one place before it; a target never comes first: the boundary does.
        before = (place - 1).clamp(min=0)[..., None].expand(-1, -1, embeddings.shape[-1])
        predicting = hidden.last_hidden_state.gather(1, before)[wanted]
        return head_loss(self.llm.get_output_embeddings(), predicting, labels[wanted])

    @torch.inference_mode()
    def generate(self, encoder_input_ids, encoder_attention_mask, input_ids, attention_mask, language, **options):  # type: ignore[no-untyped-def]
        """(sequences, m + new tokens): prompt and continuation, as a causal LM's `generate` gives them.

        What the gate gave stays in `weights` (batch, 2), as `inputs` has it. A prompt's sequences, if it gets several,
        are adjacent.
        """
        input_ids = input_ids.long()  # those of empty prompts, which raw text may have, are padded as floats
        embeddings, mask, _, self.weights = self.inputs(
            encoder_input_ids, encoder_attention_mask, input_ids, attention_mask, language
        )
        new = self.llm.generate(inputs_embeds=embeddings, attention_mask=mask, **options)
        return torch.cat([input_ids.repeat_interleave(len(new) // len(input_ids), 0), new], 1)

    def save_pretrained(self, folder: str | Path) -> None:
        """The connector, and both parents by relative path and digest, without their weights."""
        parents = {name: os.path.relpath(self.options[name], folder) for name in ("encoder", "llm")}
        digests = {f"{name}_digest": digest(self.options[name]) for name in ("encoder", "llm")}
        write_json(Path(folder) / CONFIG, {**self.options, **parents, **digests})
        save_file(
            {name: tensor.contiguous() for name, tensor in self.connector.state_dict().items()},
            Path(folder) / CONNECTOR,
        )

    @classmethod
    def from_pretrained(cls, folder: str | Path, dtype: str = "auto") -> "MergedModel":
        """Load connector and parents. Raises ValueError where the connector was trained for others."""
        model = build_merge(read_merge(Path(folder)), dtype)
        model.load_connector(folder, whole=True)
        return model.eval()

    def load_connector(self, folder: str | Path, whole: bool = False) -> None:
        """Take the tensors of a saved connector that this one has too: a merge begins with the mapping of its parent.

        whole, and errors: see saved.read_connector.
        """
        own = self.connector.state_dict()
        self.connector.load_state_dict(own | read_connector(Path(folder), own, self.options["gate"], whole))


def gathered_left(embeddings: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Embeddings and mask with the padding (mask 0) on the left, cut where a column holds nothing else; and (batch,
    time before) the place where each column is now."""
    real = (mask > 0).long()
    order = real.argsort(dim=1, stable=True)[:, real.shape[1] - int(real.sum(1).max()) :]
    columns = torch.arange(order.shape[1], device=order.device).expand_as(order)
    place = order.new_zeros(mask.shape).scatter(1, order, columns)
    gathered = embeddings.gather(1, order[..., None].expand(-1, -1, embeddings.shape[-1]))
    return gathered, mask.gather(1, order), place


def build_merge(options: dict[str, Any], dtype: str = "auto") -> MergedModel:
    """A merge with a fresh connector in float32; dtype: of the parents, see models.folders.torch_dtype."""
    llm, tokenizer = load_model(options["llm"], dtype)
    encoder, encoder_tokenizer = load_encoder(options["encoder"], llm.dtype)
    return MergedModel(encoder.to(llm.device).eval(), encoder_tokenizer, llm, tokenizer, options).eval()
