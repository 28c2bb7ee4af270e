"""SLAM's choice of layers from the probe: which layers are tuned, and why each was or was not chosen."""

import random
from collections.abc import Iterable
from typing import Any

RULES, MEASURES = ("leading", "threshold", "highest", "random", "top"), ("msd", "msd_neurons")


def select_layers(
    probe_rows: Iterable[dict[str, Any]], options: list[int] | dict[str, Any], seed: int
) -> dict[str, Any]:
    """The content of layers.json: {layers (ascending, from 0), of (layers of the model), options, reasons}.

    probe_rows: `layer`, `msd`, `msd_neurons` of probe.PROBE. options: a list of layers chosen by hand, or a rule:

    - `choose`: `leading`, the run of layers from the first on whose MSD is at least `threshold` times the highest;
      `threshold`, every such layer; `highest`, the `count` layers of the highest MSD, of equals the lower layer; and
      two controls as large as `count`, or, without it, as what `leading` finds: `random`, a plain draw by `seed` (it
      may hit layers that another rule chooses), and `top`, the uppermost layers;
    - `by`: `msd` or `msd_neurons`; `threshold`: in (0, 1]; `count`: a whole number or None.

    Each of the reasons has: layer, msd (by the measure `by`), relative (to the highest; None where all are 0), chosen,
    reason. That a leading run is a choice follows the paper's text; the exact rules are ours. Raises ValueError where
    the options fit no rule or the model, and where nothing would be chosen.
    """
    if isinstance(options, list):
        msd = layer_values(probe_rows, "msd")
        layers, reasons = by_hand(options, len(msd))
    else:
        check_rule(options)
        msd = layer_values(probe_rows, options["by"])
        layers, reasons = by_rule(msd, options, seed)
    highest = max(msd)
    return {
        "layers": layers,
        "of": len(msd),
        "options": options,
        "reasons": [
            {
                "layer": layer,
                "msd": msd[layer],
                "relative": msd[layer] / highest if highest else None,
                "chosen": layer in layers,
                "reason": reason,
            }
            for layer, reason in enumerate(reasons)
        ],
    }


def check_rule(rule: dict[str, Any]) -> None:
    if not isinstance(rule, dict) or set(rule) != {"choose", "by", "threshold", "count"}:
        raise ValueError(f"options: {rule} is no list of layers and no rule of choose, by, threshold and count")
    choose, count = rule["choose"], rule["count"]
    if choose not in RULES:
        raise ValueError(f"choose: '{choose}' is no rule; choose from: {', '.join(RULES)}")
    if rule["by"] not in MEASURES:
        raise ValueError(f"by: '{rule['by']}' is no measure of the probe; choose from: {', '.join(MEASURES)}")
    if not 0 < rule["threshold"] <= 1:
        raise ValueError(f"threshold: {rule['threshold']} must be more than 0 and at most 1 (the highest MSD)")
    if count is None and choose == "highest":
        raise ValueError("count: `highest` needs it; say how many layers to choose")
    if count is not None and choose in ("leading", "threshold"):
        raise ValueError(
            f"count: `{choose}` chooses by the threshold, not by a number; set count to null or use `highest`"
        )
    if count is not None and not (isinstance(count, int) and count >= 1):
        raise ValueError(f"count: {count} chooses no layer; it must be a whole number of at least 1")


def layer_values(probe_rows: Iterable[dict[str, Any]], by: str) -> list[float]:
    """The measure of each layer, first layer first."""
    values = {row["layer"]: row[by] for row in probe_rows}
    if not values or sorted(values) != list(range(len(values))):
        raise ValueError(f"the probe holds the layers {sorted(values)}, not all from 0 on; delete it and rerun")
    for layer, value in values.items():
        if value is None or not 0 <= value < float("inf"):
            raise ValueError(f"the probe's {by} of layer {layer} is {value}, no deviation; delete it and rerun")
    return [values[layer] for layer in range(len(values))]


def by_hand(wanted: list[int], of: int) -> tuple[list[int], list[str]]:
    if not wanted:
        raise ValueError("layers: the list is empty, so nothing would be tuned; name a layer or set `auto`")
    for place, layer in enumerate(wanted):
        if not isinstance(layer, int) or isinstance(layer, bool) or not 0 <= layer < of:
            raise ValueError(f"layers: {layer} is none of the model's, which has the layers 0 to {of - 1}")
        if layer in wanted[:place]:
            raise ValueError(f"layers: {layer} is named twice; name each layer once")
    return sorted(wanted), ["named by hand" if layer in wanted else "not named" for layer in range(of)]


def by_rule(msd: list[float], rule: dict[str, Any], seed: int) -> tuple[list[int], list[str]]:
    choose, count, of = rule["choose"], rule["count"], len(msd)
    if count is not None and count > of:
        raise ValueError(f"count: {count} layers, but the model has {of}; choose at most so many")
    if choose in ("random", "top"):
        size = count or leading_run(msd, rule)
        layers = sorted(random.Random(seed).sample(range(of), size)) if choose == "random" else [*range(of - size, of)]
        yes, no = f"among the uppermost {size}", f"below the uppermost {size}"
        if choose == "random":
            yes, no = f"drawn by seed {seed}", f"not drawn by seed {seed}"
        return layers, [yes if layer in layers else no for layer in range(of)]
    relative = relative_values(msd, rule)
    if choose == "highest":
        order = sorted(range(of), key=lambda layer: -msd[layer])  # stable: of equals the lower layer first
        reasons = [
            f"MSD {share:.3f} of the maximum, rank {order.index(n) + 1} of {of}" for n, share in enumerate(relative)
        ]
        return sorted(order[:count]), reasons
    limit = rule["threshold"]
    reasons = [
        f"MSD {share:.3f} of the maximum, {'at least' if share >= limit else 'below'} {limit:g}" for share in relative
    ]
    if choose == "leading":
        run = leading_run(msd, rule)
        return [*range(run)], [*reasons[: run + 1], *[f"the leading run ended at layer {run - 1}"] * (of - run - 1)]
    return [layer for layer, share in enumerate(relative) if share >= limit], reasons


def leading_run(msd: list[float], rule: dict[str, Any]) -> int:
    """How many layers from the first on have an MSD of at least the threshold; ValueError where not even the first."""
    relative, limit = relative_values(msd, rule), rule["threshold"]
    run = next((layer for layer, share in enumerate(relative) if share < limit), len(msd))
    if not run:
        raise ValueError(
            f"threshold: layer 0 has only {relative[0]:.3f} of the highest MSD, below {limit:g}, so no run of layers "
            "leads; lower the threshold, or choose `threshold` or `highest`"
        )
    return run


def relative_values(msd: list[float], rule: dict[str, Any]) -> list[float]:
    if not (highest := max(msd)):
        raise ValueError(f"the probe's {rule['by']} is 0 in every layer, so none stands out; name the layers by hand")
    return [value / highest for value in msd]
