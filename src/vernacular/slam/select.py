"""SLAM's choice of layers from the probe: which layers are tuned, and why each was or was not chosen."""

import random
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from vernacular.slam.options import SelectionOptions, check_rule


def select_layers(probe_rows: Iterable[dict[str, Any]], options: SelectionOptions, seed: int) -> dict[str, Any]:
    """The content of layers.json: {layers (ascending, from 0), of (layers of the model), options, reasons}.

    probe_rows: `layer`, `msd`, `msd_neurons` of probe.PROBE. Each of the reasons has: layer, msd (by the measure `by`),
    relative (to the highest; None if all are 0), chosen, reason. That a leading run is chosen follows the paper's text;
    the exact rules are ours. Raises ValueError if the options fit no rule or do not fit the model, and if nothing would
    be chosen.
    """
    rule = asdict(options)
    wanted = rule.pop("layers")
    if wanted is None:
        check_rule(options)
        msd = layer_values(probe_rows, options.by)
        layers, reasons = by_rule(msd, options, seed)
    else:
        msd = layer_values(probe_rows, "msd")
        layers, reasons = by_hand(wanted, len(msd))
    highest = max(msd)
    shares = [value / highest if highest else None for value in msd]
    explained = [
        {"layer": layer, "msd": value, "relative": share, "chosen": layer in layers, "reason": reason}
        for layer, (value, share, reason) in enumerate(zip(msd, shares, reasons, strict=True))
    ]
    return {"layers": layers, "of": len(msd), "options": wanted or rule, "reasons": explained}


def layer_values(probe_rows: Iterable[dict[str, Any]], by: str) -> list[float]:
    """The measure of each layer, first layer first."""
    values = {row["layer"]: row[by] for row in probe_rows}
    if not values or sorted(values) != list(range(len(values))):
        raise ValueError(f"the probe holds the layers {sorted(values)}, not all from 0 on; delete it and rerun")
    for layer, value in values.items():
        if value is None or not 0 <= value < float("inf"):
            raise ValueError(f"the probe's {by} of layer {layer} is {value}, not a deviation; delete it and rerun")
    return [values[layer] for layer in range(len(values))]


def by_hand(wanted: list[int], total: int) -> tuple[list[int], list[str]]:
    if not wanted:
        raise ValueError("layers: the list is empty, so nothing would be tuned; name a layer or set `auto`")
    if outside := [layer for layer in wanted if type(layer) is not int or not 0 <= layer < total]:
        raise ValueError(f"layers: {outside[0]} does not exist; the model has the layers 0 to {total - 1}")
    if twice := [layer for layer in wanted if wanted.count(layer) > 1]:
        raise ValueError(f"layers: {twice[0]} is named twice; name each layer once")
    return sorted(wanted), ["named by hand" if layer in wanted else "not named" for layer in range(total)]


def by_rule(msd: list[float], rule: SelectionOptions, seed: int) -> tuple[list[int], list[str]]:
    choose, count, total = rule.choose, rule.count, len(msd)
    if count is not None and count > total:
        raise ValueError(f"count: {count} layers, but the model has {total}; choose at most that many")
    if choose == "random":
        layers = sorted(random.Random(seed).sample(range(total), count or leading_run(msd, rule)))
        return layers, [f"{'' if layer in layers else 'not '}drawn by seed {seed}" for layer in range(total)]
    if choose == "top":
        first = total - (count or leading_run(msd, rule))
        places = ["below"] * first + ["among"] * (total - first)
        return [*range(first, total)], [f"{place} the uppermost {total - first}" for place in places]
    relative = relative_values(msd, rule)
    if choose == "highest":
        order = sorted(range(total), key=lambda layer: -msd[layer])  # stable: the lower layer wins ties
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
