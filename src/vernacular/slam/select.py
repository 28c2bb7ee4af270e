"""SLAM's choice of layers from the probe: which layers are tuned, and why each was or was not chosen."""

import random
from collections.abc import Iterable
from typing import Any

from vernacular.slam.options import SelectionOptions, check_rule


def select_layers(probe_rows: Iterable[dict[str, Any]], options: SelectionOptions, seed: int) -> dict[str, Any]:
    """The content of layers.json: {layers (ascending, from 0), of (layers of the model), options, reasons}.

    probe_rows: `layer`, `msd`, `msd_neurons` of probe.PROBE. options: layers chosen by hand, or a rule:

    - `choose`: `leading`, the run of layers from the first on whose MSD is at least `threshold` times the highest;
      `threshold`, every such layer; `highest`, the `count` layers of the highest MSD (of equals the lower layer); and
      two controls of `count` layers, by default as many as `leading` finds: `random`, drawn by `seed` (it may hit
      layers that another rule chooses), and `top`, the uppermost layers;
    - `by`: `msd` or `msd_neurons`; `threshold`: in (0, 1]; `count`: a whole number or None.

    Each of the reasons has: layer, msd (by the measure `by`), relative (to the highest; None if all are 0), chosen,
    reason. That a leading run is chosen follows the paper's text; the exact rules are ours. Raises ValueError if the
    options fit no rule or do not fit the model, and if nothing would be chosen.
    """
    is_by_hand = options.layers is not None
    if not is_by_hand:
        check_rule(options)
    msd = layer_values(probe_rows, "msd" if is_by_hand else options.by)
    layers, reasons = by_hand(options.layers, len(msd)) if is_by_hand else by_rule(msd, options, seed)
    highest = max(msd)
    rule = {key: getattr(options, key) for key in ("choose", "by", "threshold", "count")}
    return {
        "layers": layers,
        "of": len(msd),
        "options": options.layers if is_by_hand else rule,
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


def layer_values(probe_rows: Iterable[dict[str, Any]], by: str) -> list[float]:
    """The measure of each layer, first layer first."""
    values = {row["layer"]: row[by] for row in probe_rows}
    if not values or sorted(values) != list(range(len(values))):
        raise ValueError(f"the probe holds the layers {sorted(values)}, not all from 0 on; delete it and rerun")
    for layer, value in values.items():
        if value is None or not 0 <= value < float("inf"):
            raise ValueError(f"the probe's {by} of layer {layer} is {value}, not a deviation; delete it and rerun")
    return [values[layer] for layer in range(len(values))]


def by_hand(wanted: list[int] | None, total: int) -> tuple[list[int], list[str]]:
    if not wanted:
        raise ValueError("layers: the list is empty, so nothing would be tuned; name a layer or set `auto`")
    for place, layer in enumerate(wanted):
        if not isinstance(layer, int) or isinstance(layer, bool) or not 0 <= layer < total:
            raise ValueError(f"layers: {layer} does not exist; the model has the layers 0 to {total - 1}")
        if layer in wanted[:place]:
            raise ValueError(f"layers: {layer} is named twice; name each layer once")
    return sorted(wanted), ["named by hand" if layer in wanted else "not named" for layer in range(total)]


def by_rule(msd: list[float], rule: SelectionOptions, seed: int) -> tuple[list[int], list[str]]:
    choose, count, total = rule.choose, rule.count, len(msd)
    if count is not None and count > total:
        raise ValueError(f"count: {count} layers, but the model has {total}; choose at most that many")
    if choose in ("random", "top"):
        size = count or leading_run(msd, rule)
        if choose == "random":
            layers = sorted(random.Random(seed).sample(range(total), size))
            yes, no = f"drawn by seed {seed}", f"not drawn by seed {seed}"
        else:
            layers = [*range(total - size, total)]
            yes, no = f"among the uppermost {size}", f"below the uppermost {size}"
        return layers, [yes if layer in layers else no for layer in range(total)]
    relative = relative_values(msd, rule)
    if choose == "highest":
        order = sorted(range(total), key=lambda layer: -msd[layer])  # stable: of equals the lower layer first
        reasons = [
            f"MSD {share:.3f} of the maximum, rank {order.index(n) + 1} of {total}" for n, share in enumerate(relative)
        ]
        return sorted(order[:count]), reasons
    limit = rule.threshold
    reasons = [
        f"MSD {share:.3f} of the maximum, {'at least' if share >= limit else 'below'} {limit:g}" for share in relative
    ]
    if choose == "leading":
        run = leading_run(msd, rule)
        return [*range(run)], [*reasons[: run + 1], *[f"the leading run ended at layer {run - 1}"] * (total - run - 1)]
    return [layer for layer, share in enumerate(relative) if share >= limit], reasons


def leading_run(msd: list[float], rule: SelectionOptions) -> int:
    """How many layers from the first on have an MSD of at least the threshold; ValueError if not even the first has."""
    relative, limit = relative_values(msd, rule), rule.threshold
    run = next((layer for layer, share in enumerate(relative) if share < limit), len(msd))
    if not run:
        raise ValueError(
            f"threshold: layer 0 has only {relative[0]:.3f} of the highest MSD, below {limit:g}, so no run of layers "
            "leads; lower the threshold, or choose `threshold` or `highest`"
        )
    return run


def relative_values(msd: list[float], rule: SelectionOptions) -> list[float]:
    if not (highest := max(msd)):
        raise ValueError(f"the probe's {rule.by} is 0 in every layer, so none stands out; name the layers by hand")
    return [value / highest for value in msd]
