"""Names next to the points of a figure: a search for places where they hide neither points nor one another."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vernacular.report.style import INK, PAPER, Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STARTS = 40  # of the search: the nearest places, then random ones


def label_points(
    axes: "Axes", points: Array, radii: Array, texts: list[str], colors: list[str], lines: list[Array]
) -> Array:
    """Write each text next to its point, clear of markers, lines and other texts, with a leader if it is further away.

    points (point, 2) in data units; radii (point,) of the markers in typographic points; lines: polylines (n, 2) in
    data units that texts keep off. The limits and place of `axes` must be final. Returns the boxes of the texts in
    pixels, (text, 4) as x0, y0, x1, y1. A local search over fixed positions, the same in every run (our choice).
    """
    pixel = axes.figure.dpi / 72
    here, radii = axes.transData.transform(points), radii * pixel
    markers = np.hstack([here - radii[:, None], here + radii[:, None]])
    edges = [np.hstack([ends[:-1], ends[1:]]) for ends in (axes.transData.transform(line) for line in lines)]
    segments = np.concatenate(edges) if edges else np.empty((0, 4))
    inner = np.array(axes.get_window_extent().extents)

    choices, fixed = [], []
    for i, extent in enumerate(_extents(axes, texts)):
        boxes, leaders, gaps = _candidates(here[i], radii[i], extent, pixel)
        outside = (boxes[:, :2] < inner[:2] + 1).any(axis=1) | (boxes[:, 2:] > inner[2:] - 1).any(axis=1)
        cost = gaps / pixel + 1e6 * outside + 1e4 * _overlap(boxes, markers, 2 * pixel).sum(axis=1)
        cost += 120 * _crossings(leaders, np.delete(markers, i, axis=0)).sum(axis=1)
        cost += 30 * _crossings(segments, _grown(boxes, pixel)).sum(axis=0)
        best = np.argsort(cost, kind="stable")[:160]
        choices.append((boxes[best], leaders[best]))
        fixed.append(cost[best])
    chosen = _search(fixed, _pair_costs(choices, pixel))
    crowded = _overlap(markers, markers, 2 * pixel).sum(axis=1) > 1
    placed = [tuple(places[place] for places in choice) for place, choice in zip(chosen, choices, strict=True)]
    for i, (box, leader) in enumerate(placed):
        # Kept relative to the point, in typographic points, so that they hold at any resolution.
        start, end = ((corner - here[i]) / pixel for corner in (box[:2], leader[2:]))
        _write(axes, points[i], texts[i], colors[i], start)
        if crowded[i] or np.hypot(*(leader[2:] - leader[:2])) > 6 * pixel:
            _lead(axes, points[i], end)
    return np.array([box for box, _ in placed]).reshape(-1, 4)


def _extents(axes: "Axes", texts: list[str]) -> Array:
    """(text, 2): width and height in pixels, of texts that are drawn and taken away again."""
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]  # every Agg canvas has one
    artists = [axes.text(0, 0, text, transform=None, va="bottom") for text in texts]
    sizes = [artist.get_window_extent(renderer).size for artist in artists]
    for artist in artists:
        artist.remove()
    return np.array(sizes).reshape(-1, 2)


def _write(axes: "Axes", point: Array, text: str, color: str, start: Array) -> None:
    # Not a halo: matplotlib writes letters with one as shapes, which nobody can search or read aloud.
    behind = {"boxstyle": "square,pad=0.05", "facecolor": PAPER, "alpha": 0.7, "linewidth": 0}
    axes.annotate(
        text, tuple(point), xytext=tuple(start), textcoords="offset points",
        color=color, ha="left", va="bottom", zorder=7, annotation_clip=False, bbox=behind,
    )  # fmt: skip


def _lead(axes: "Axes", point: Array, end: Array) -> None:
    """To the very middle, and above the markers: in a crowd the edge would not tell which one is meant."""
    axes.annotate(
        "", xy=tuple(point), xytext=tuple(end), textcoords="offset points",
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0},
        annotation_clip=False, zorder=6,
    )  # fmt: skip
    axes.plot(*point, marker="o", markersize=2.4, color=INK, markeredgewidth=0, zorder=6)


def _candidates(here: Array, radius: float, extent: Array, pixel: float) -> tuple[Array, Array, Array]:
    """Places for one text around its marker: boxes, leaders (from the marker's edge to the box), distances; pixels."""
    angles = np.deg2rad(np.arange(24) * 15)  # starting on the right, where texts go if costs are equal
    gaps = np.array([3, 7, 12, 18, 26, 36, 48, 62, 78, 96, 120]) * pixel
    gap, angle = (grid.ravel() for grid in np.meshgrid(gaps, angles, indexing="ij"))
    way = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    centre = here + way * (radius + gap)[:, None] + way * extent / 2
    boxes = np.hstack([centre - extent / 2, centre + extent / 2])
    end = np.clip(here, boxes[:, :2] - pixel, boxes[:, 2:] + pixel)
    length = np.maximum(np.hypot(*(end - here).T), 1e-9)
    start = here + (end - here) * np.minimum(radius / length, 1)[:, None]
    return boxes, np.hstack([start, end]), gap


def _pair_costs(choices: list[tuple[Array, Array]], pixel: float) -> list[list[Array]]:
    """[i][j]: (place of i, place of j), what it costs to have both: texts that touch, leaders that cross things."""
    costs = [[np.zeros((len(left), len(right))) for right, _ in choices] for left, _ in choices]
    for i, (boxes, leaders) in enumerate(choices):
        for j, (other_boxes, other_leaders) in enumerate(choices[:i]):
            cost = 1e4 * _overlap(boxes, other_boxes, 3 * pixel) + 150.0 * _intersect(leaders, other_leaders)
            cost += 300 * _crossings(leaders, other_boxes) + 300 * _crossings(other_leaders, boxes).T
            costs[i][j], costs[j][i] = cost, cost.T
    return costs


def _search(fixed: list[Array], pairs: list[list[Array]]) -> list[int]:
    """The cheapest places that coordinate descent finds from the nearest places and from random ones, seeded."""
    random = np.random.default_rng(0)
    best: tuple[float, list[int]] = (np.inf, [])
    for start in range(STARTS):
        chosen = [int(random.integers(len(cost))) if start else 0 for cost in fixed]
        for _ in range(20):
            before = list(chosen)
            for i, cost in enumerate(fixed):
                others = [pairs[i][j][:, chosen[j]] for j in range(len(fixed)) if j != i]
                chosen[i] = int((cost + sum(others)).argmin())
            if chosen == before:
                break
        total = float(sum(cost[place] for cost, place in zip(fixed, chosen, strict=True)))
        total += sum(float(pairs[i][j][chosen[i], chosen[j]]) for i in range(len(fixed)) for j in range(i))
        if total < best[0]:
            best = (total, chosen)
    return best[1]


def _grown(boxes: Array, margin: float) -> Array:
    return boxes + np.array([-margin, -margin, margin, margin])


def _overlap(boxes: Array, others: Array, margin: float) -> NDArray[np.bool_]:
    """(box, other): whether they come closer to each other than `margin`."""
    left, right = _grown(boxes, margin)[:, None], others[None]
    return np.all((left[..., :2] < right[..., 2:]) & (right[..., :2] < left[..., 2:]), axis=-1)


def _crossings(segments: Array, boxes: Array) -> NDArray[np.bool_]:
    """(segment, box): whether a part of the segment lies in the box (clipping by slabs, Liang and Barsky 1984)."""
    start, way = segments[:, None, :2], (segments[:, 2:] - segments[:, :2])[:, None]
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    first, second = (boxes[None, :, :2] - start) / way, (boxes[None, :, 2:] - start) / way
    enter = np.minimum(first, second).max(axis=-1)
    leave = np.maximum(first, second).min(axis=-1)
    return np.maximum(enter, 0) < np.minimum(leave, 1)


def _intersect(segments: Array, others: Array) -> NDArray[np.bool_]:
    """(segment, other): whether the two cross, by the signs of the four triangles."""
    a, b = segments[:, None, :2], segments[:, None, 2:]
    c, d = others[None, :, :2], others[None, :, 2:]

    def side(p: Array, q: Array, r: Array) -> Array:
        u, v = q - p, r - p
        return np.sign(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])

    return (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
