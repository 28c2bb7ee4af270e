"""A figure inside a page: an SVG without what a page has no use for, in the page's colours, with points that tell."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vernacular.report.style import FAINT, INK, PALETTE, PAPER, QUIET

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_KEPT = {"svg", "g", "defs", "path", "use", "clipPath", "rect", "text", "tspan", "style", "image", "line", "circle"}
# Colours that the page's style sheet sets, so that they fit a dark page too; the first are the models'.
VARIABLES = {color: f"var(--model-{place})" for place, color in enumerate(PALETTE)}
VARIABLES |= {INK: "var(--ink)", QUIET: "var(--quiet)", FAINT: "var(--faint)", PAPER: "var(--paper)"}


def drawn(draw: Callable[..., None], table: Any, options: Any, **more: Any) -> str:
    """The SVG that a function of report/ draws of a table."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "figure.svg"
        draw(table, {"svg": path}, options, **more)
        return path.read_text(encoding="utf-8")


def inline(svg: str, name: str, title: str, tips: Mapping[str, str] | None = None) -> str:
    """The SVG as a part of an HTML page.

    name: what its ids begin with, so that they differ from those of other figures; title: its text for those who do
    not see it; tips: id of a group -> what it tells when it is pointed at, tapped or reached with the keyboard. Only
    drawing elements and their own references stay. Raises ValueError for text that is not an SVG.
    """
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as error:
        raise ValueError(f"{title}: the SVG is cut off or broken ({error}); delete it and rerun") from None
    clean(root)
    for element in root.iter():
        tip = (tips or {}).get(element.get("id", ""))
        if tip:
            element.attrib |= {"class": "point", "tabindex": "0", "role": "img", "aria-label": tip}
        for key, value in list(element.attrib.items()):
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key == f"{{{_XLINK}}}href":
                del element.attrib[key]
                element.set("href", value.replace("#", f"#{name}-"))
            else:
                element.set(key, coloured(re.sub(r"url\(#", f"url(#{name}-", value)))
    role = {"role": "group"} if tips else {"role": "img"}  # what is within an image cannot be reached
    root.attrib |= {**role, "aria-label": title}
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode").replace(f' xmlns="{_SVG}"', "")


def clean(element: ET.Element) -> None:
    """Take out all elements and attributes that are not for drawing, such as metadata; in place."""
    for child in list(element):
        if child.tag.rpartition("}")[2] not in _KEPT:
            element.remove(child)
        else:
            clean(child)
    for key, value in list(element.attrib.items()):
        outside = key.endswith("href") and not value.startswith(("#", "data:image/png;base64,"))
        if key.lower().startswith("on") or outside:
            del element.attrib[key]


def coloured(value: str) -> str:
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: VARIABLES.get(found[0], found[0]), value)
