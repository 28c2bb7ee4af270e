"""The site's pages that lie outside of docs/, links that lead out of it, and equations.

In the repository every link leads to a file of it. On the site links to pages stay so, and the others lead to the
repository's address, which pyproject.toml has. A link to nothing ends the build.
"""

import logging
import os
import posixpath
import re
import tomllib
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PAGES = {  # of the repository -> of the site
    "README.md": "index.md",
    "config/README.md": "configuration.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
FIGURES = {
    "pareto.png": "Accuracy against language consistency, `figures/pareto` of the default study",
    "trajectories.png": "Accuracy and LCPR of each schedule over its checkpoints, `figures/trajectories-steps`",
    "merge-gates.png": "ST-Merge's gate weights and its gain over MindMerger by language, `figures/merge-gates`",
}
LINK = re.compile(r"(\])\(([^)\s]+)\)")
FENCE = re.compile(r"^```[\s\S]*?^```$|^(?: {4}.*\n)+|`[^`\n]+`", re.MULTILINE)
log = logging.getLogger("mkdocs.hooks")


def equation(source: str, *_: Any, **__: Any) -> str:
    """A fence of the language `math` as MathML, which browsers draw without a script."""
    return f'<div class="math">{convert(source, display="block")}</div>'


def on_config(config: Any) -> Any:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    config.repo_url, config.repo_name = project["urls"]["Repository"], "Source"
    fences = [{"name": "math", "class": "math", "format": equation}]
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": fences}
    return config


def on_files(files: Any, config: Any) -> Any:
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    files.append(File.generated(config, "api.md", content=api()))
    files.append(File.generated(config, "gallery.md", content=gallery()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """The page's links, from where its file is in the repository to where they lead on the site."""
    source = next((path for path, name in PAGES.items() if name == page.file.src_uri), f"docs/{page.file.src_uri}")

    def moved(match: re.Match[str]) -> str:
        return f"{match[1]}({target(match[2], source, page.file.src_uri, config.repo_url)})"

    parts, at = [], 0  # links in code stay as they are
    for fence in FENCE.finditer(markdown):
        parts += [LINK.sub(moved, markdown[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*parts, LINK.sub(moved, markdown[at:])])


def target(link: str, source: str, page: str, repository: str) -> str:
    path, _, anchor = link.partition("#")
    if "://" in link or link.startswith("mailto:") or not path:
        return link
    file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if not (ROOT / file).exists() and page not in ("api.md", "gallery.md"):
        log.warning(f"{source}: a link leads to {link}, which is not there")
    site = PAGES.get(file) or (file.removeprefix("docs/") if file.startswith("docs/") else None)
    if site is None:
        kind = "tree" if (ROOT / file).is_dir() else "blob"
        return f"{repository}/{kind}/main/{file}" + (f"#{anchor}" if anchor else "")
    return os.path.relpath(site, posixpath.dirname(page) or ".") + (f"#{anchor}" if anchor else "")


def api() -> str:
    """The public names, from `vernacular.__all__` and where they are, with their docstrings."""
    text = (ROOT / "src/vernacular/__init__.py").read_text(encoding="utf-8")
    places = dict(re.findall(r'^    "(\w+)": "([\w.]+)",$', text, re.MULTILINE))
    entry = "::: vernacular.{}.{}\n    options: {{heading: {}}}"
    names = "\n\n".join(entry.format(place, name, name) for name, place in sorted(places.items()))
    return f"# API\n\nWhat `import vernacular` offers; [the library](library.md) shows how it is used.\n\n{names}\n"


def gallery() -> str:
    drawn = "\n\n".join(f"![{about}]({name})\n\n*{about}*" for name, about in FIGURES.items())
    return f"# Figures\n\nDrawn by the workflow, each from a run of the default study with one seed.\n\n{drawn}\n"
