"""The look that all figures share, and how they are saved: two runs give the same bytes."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vernacular.storage.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

Files = Mapping[str, str | Path]  # kind, such as `svg`, -> where a figure is written as that

PNG_DPI = 200
INK, QUIET, FAINT, PAPER = "#1a1a1a", "#5f5f5f", "#d9d9d9", "#ffffff"
# Okabe and Ito (2008), "Color universal design", distinct under every colour-vision deficiency (without its yellow, too
# pale for thin lines on white), then grey.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f")
BLUE, ORANGE = PALETTE[:2]
MARKERS = "osD^vP*X"


class Look(NamedTuple):
    """How a model is drawn in every figure of a study: nobody has to tell two models apart by colour alone."""

    color: str
    marker: str


def look(slot: int) -> Look:
    """The look of a model by its place in the study. 64 places differ, the first eight in colour and in marker."""
    turn, place = divmod(slot, len(PALETTE))
    return Look(PALETTE[place], MARKERS[(place + turn) % len(MARKERS)])


def looks(models: Iterable[str], slots: Mapping[str, int]) -> dict[str, Look]:
    """Model -> its look. slots: its place in the study; models without one take the next places that are free."""
    found, taken = {}, set(slots.values())
    for model in dict.fromkeys(models):
        slot = slots[model] if model in slots else next(n for n in range(len(taken) + 1) if n not in taken)
        taken.add(slot)
        found[model] = look(slot)
    return found


PANEL_TITLE: Any = {"loc": "left", "fontsize": 10, "fontweight": "bold"}
_SETTINGS: Any = {
    "text.parse_math": False,  # a name with a dollar sign is a name
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so that figures do not depend on the machine's fonts
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "svg.hashsalt": "vernacular",  # otherwise the ids in an SVG are random
    "svg.fonttype": "none",  # text stays text: it can be searched, selected and read aloud,
    "pdf.fonttype": 42,  # and in a PDF edited (TrueType)
}


@contextmanager
def new_figure(files: Files, width: float, height: float, **options: Any) -> Iterator["Figure"]:
    """A figure of width x height inches to draw on, saved as `files` at the end of the block.

    The user's own matplotlibrc is ignored. options: as in matplotlib's Figure.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(width, height), **options)
        FigureCanvasAgg(figure)
        yield figure
        save_figure(figure, files)


METADATA: dict[str, dict[str, None]] = {  # left out of the files: dates, versions
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save_figure(figure: "Figure", files: Files) -> None:
    """Write the files, each atomically and without dates or versions in it; none if one cannot be drawn."""
    with ExitStack() as stack:
        for kind, path in files.items():
            out = stack.enter_context(atomic_path(path))
            figure.savefig(out, format=kind, dpi=PNG_DPI, metadata=METADATA[kind])


def wrapped(text: str, width: float, size: float) -> str:
    """Text with line ends, so that it fits so many inches at a size in points: a letter is about 0.56 of that wide."""
    letters = max(int(72 * width / (0.56 * size)), 12)
    return "\n".join(textwrap.fill(line, letters, break_long_words=False) for line in text.splitlines())


def heights(title: str, note: str, width: float) -> tuple[float, float]:
    """The inches that a figure's title and its note take where it is so wide."""
    lines = [len(wrapped(text, width - 0.2, size).splitlines()) for text, size in ((title, 12.0), (note, 8.5))]
    return 0.12 + 0.19 * lines[0], 0.12 + 0.15 * lines[1]


def add_frame(figure: "Figure", title: str, note: str = "") -> None:
    """Write the figure's title at its upper left and what a reader has to know at its lower left; `heights` high."""
    width, height = figure.get_size_inches()
    left, top, bottom = 0.1 / width, 1 - 0.1 / height, 0.1 / height
    figure.text(left, top, wrapped(title, width - 0.2, 12.0), fontsize=11, fontweight="bold", va="top")
    figure.text(left, bottom, wrapped(note, width - 0.2, 8.5), fontsize=8.5, color=QUIET, va="bottom")


def add_title(figure: "Figure", title: str) -> None:
    """Write the title of a figure that matplotlib lays out by itself above its middle."""
    figure.suptitle(wrapped(title, figure.get_figwidth() - 0.2, 11), fontsize=11)


def add_legend(figure: "Figure", axes: "Axes", place: Literal["outside lower left", "outside lower center"]) -> None:
    """Explain what `axes` shows below all panels, in as many columns as fit."""
    handles, names = axes.get_legend_handles_labels()
    across = columns_for(figure.get_figwidth(), names)
    figure.legend(handles, names, loc=place, ncols=across, frameon=False)


def columns_for(width: float, labels: Iterable[str], size: float = 9.0) -> int:
    """How many columns of a legend fit so many inches: each as wide as the longest label with its marker."""
    longest = max((len(label) for label in labels), default=1)
    return max(int(72 * width / (size * (0.58 * longest + 4))), 1)


def limit_rates(axes: "Axes", axis: str, low: float, high: float) -> None:
    """Fit the axis `x` or `y` to rates from low to high and their names, within 0 to 1.

    It spans at least 0.24, so that noise does not fill the panel (our choice).
    """
    middle, half = (low + high) / 2, 1.2 * max(high - low, 0.2) / 2
    first = min(max(middle - half, 0.0), max(1.0 - 2 * half, 0.0))
    last = min(first + 2 * half, 1.0)
    axes.set(**{f"{axis}lim": (first, last)})
    ticks = axes.xaxis.get_ticklocs() if axis == "x" else axes.yaxis.get_ticklocs()
    axes.set(**{f"{axis}ticks": [tick for tick in ticks if max(first, 0) <= tick <= min(last, 1)]})


def limit_points(axes: "Axes", points: pd.DataFrame, with_bars: pd.DataFrame) -> None:
    """Limit a plot of accuracy against LCPR to all points, and to the intervals of those drawn with bars."""
    for metric, axis in (("lcpr", "x"), ("accuracy", "y")):
        values = np.concatenate([points[metric], with_bars[f"{metric}_low"], with_bars[f"{metric}_high"]])
        limit_rates(axes, axis, np.nanmin(values), np.nanmax(values))  # without five seeds, means have no intervals
