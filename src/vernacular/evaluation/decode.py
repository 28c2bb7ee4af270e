"""The loop behind `generate`: prompts are read once for all their samples, and rows that have ended leave the batch.

Transformers' own loop reads the prompt of each sample and continues every row until the last one ends. Each row gets
the same tokens here as there.
"""

from typing import Any

import torch
from transformers.cache_utils import DynamicLayer

ENDED = 0.125  # of the batch's rows that have ended before it is made smaller (our choice: that copies the cache once)


def drawn_tokens(scores: torch.Tensor, draws: torch.Tensor, temperature: float) -> torch.Tensor:
    """(rows,): the token in whose part of each row's cumulative distribution its draw falls.

    scores: (rows, vocabulary) logits; draws: (rows,) uniform numbers in [0, 1).
    """
    cumulative = torch.softmax(scores.float() / temperature, dim=-1).cumsum(dim=-1)
    places = draws.to(cumulative)[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, places, right=True).clamp(max=scores.shape[-1] - 1)[:, 0]


def decode(
    model: Any,
    input_ids: torch.Tensor,
    logits_processor: Any,
    stopping_criteria: Any,
    generation_config: Any,
    *,
    samples: int,
    new: int,
    ends: list[int],
    pad: int,
    draws: torch.Tensor | None,
    temperature: float,
    synced_gpus: bool = False,
    **inputs: Any,
) -> torch.Tensor:
    """(prompts * samples, m + n): each prompt and continuation, the samples of a prompt together; n is at most `new`.

    For the `custom_generate` of a model's `generate`, which prepares `inputs` (mask, cache, embeddings) and the
    processors that the model's own configuration asks for. A row that has ended is filled up with `pad`. draws:
    (prompts * samples, new) uniform numbers, None for the likeliest tokens.
    """
    count = len(input_ids) * samples
    made = torch.full((count, new), pad, device=input_ids.device)
    stops = torch.tensor(ends, device=input_ids.device)
    rows = torch.arange(count, device=input_ids.device)  # of `made`, for each row that is still in the batch
    going = torch.ones(count, dtype=torch.bool, device=input_ids.device)
    prompts, logits, inputs = read_prompts(model, input_ids, inputs, samples, new)
    written = prompts
    for step in range(new):
        scores = logits_processor(written, logits.to(copy=True, dtype=torch.float32))
        if draws is None:
            tokens = scores.argmax(dim=-1)
        else:
            tokens = drawn_tokens(scores, draws[:, step].to(scores.device)[rows], temperature)
        made[rows[going], step] = tokens[going]
        going &= ~torch.isin(tokens, stops)
        if not (left := int(going.sum())):
            return torch.cat([prompts, made[:, : step + 1]], dim=1)
        written = torch.cat([written, tokens[:, None]], dim=1)
        if left <= (1 - ENDED) * len(rows):
            places = going.nonzero()[:, 0]
            inputs, written = subset(inputs, places, len(rows)), written[places]
            rows, going = rows[places], going[places]
        if step + 1 < new:
            step_inputs = model.prepare_inputs_for_generation(written, next_sequence_length=1, **inputs)
            outputs = model(**step_inputs, return_dict=True)
            inputs = model._update_model_kwargs_for_generation(outputs, inputs)
            logits = outputs.logits[:, -1]
    return torch.cat([prompts, made], dim=1)


def read_prompts(
    model: Any, input_ids: torch.Tensor, inputs: dict[str, Any], samples: int, new: int
) -> tuple[torch.Tensor, torch.Tensor, dict[str, Any]]:
    """(prompts, next logits, inputs), a row for each sample; the cache has room for `new` more tokens."""
    reading = model.prepare_inputs_for_generation(input_ids, is_first_iteration=True, **inputs)
    outputs = model(**reading, return_dict=True)
    inputs = model._update_model_kwargs_for_generation(outputs, inputs)
    inputs.pop("inputs_embeds", None)
    rows = torch.arange(len(input_ids), device=input_ids.device).repeat_interleave(samples)
    inputs = subset(inputs, rows, len(input_ids))
    layers = getattr(cache_of(inputs), "layers", [])
    for number, layer in enumerate(layers):
        if type(layer) is DynamicLayer:  # not those with a window, which forget
            layers[number] = RoomyLayer(layer, new)
    return input_ids[rows], outputs.logits[:, -1][rows], inputs


def cache_of(inputs: dict[str, Any]) -> Any:
    """The cache in what `generate` hands on, None without one; its name is `cache` from Transformers 5.24 on."""
    return inputs.get("cache", inputs.get("past_key_values"))


def subset(inputs: dict[str, Any], places: torch.Tensor, rows: int) -> dict[str, Any]:
    """What `generate` hands on from step to step, for some of the batch's rows: its tensors and its cache."""
    if (cache := cache_of(inputs)) is not None:
        cache.batch_select_indices(places)
    return {
        name: value[places] if isinstance(value, torch.Tensor) and value.ndim > 1 and len(value) == rows else value
        for name, value in inputs.items()
    }


class RoomyLayer(DynamicLayer):
    """A layer of the cache with room for all tokens to come, so that new ones are written where they stay.

    Transformers' own concatenates, which copies the whole layer at every token, and on a GPU leaves gaps of all sizes.
    (rows, heads, tokens, width) as there.
    """

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, layer: Any, room: int) -> None:
        super().__init__()
        self.lazy_initialization(layer.keys, layer.values)
        self.keys, self.values, self.room = layer.keys, layer.values, room
        self.rooms = [layer.keys, layer.values]  # keys and values are their first tokens

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        start = self.keys.shape[-2]
        end = start + key_states.shape[-2]
        for number, states in enumerate((key_states, value_states)):
            if end > self.rooms[number].shape[-2]:
                self.rooms[number] = with_room(self.rooms[number][:, :, :start], max(self.room, end - start))
            self.rooms[number][:, :, start:end] = states
        self.keys, self.values = (room[:, :, :end] for room in self.rooms)
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        length, room = self.keys.shape[-2], self.rooms[0].shape[-2] - self.keys.shape[-2]
        self.rooms = [with_room(states[indices], room) for states in (self.keys, self.values)]
        self.keys, self.values = (room[:, :, :length] for room in self.rooms)


def with_room(states: torch.Tensor, room: int) -> torch.Tensor:
    """Keys or values, and room for so many more tokens behind them."""
    rows, heads, length, width = states.shape
    wider = states.new_empty((rows, heads, length + room, width))
    wider[:, :, :length] = states
    return wider
