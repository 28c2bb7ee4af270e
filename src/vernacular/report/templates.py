"""The Jinja templates of pages and model cards, in resources/templates."""

from typing import Any

from vernacular.storage.resources import resource

FOLDER = resource("templates")


def rendered(name: str, **values: Any) -> str:
    """A template with its values: HTML escapes them all, Markdown must do so itself."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(values)
