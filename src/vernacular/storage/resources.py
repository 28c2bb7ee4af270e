"""Where the files lie that come with the library: its data, and the workflow."""

from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("vernacular")))


def resource(name: str) -> Path:
    """A file or folder of the package's data, `vernacular/resources`, by its path below it."""
    return PACKAGE / "resources" / name


def workflow_root() -> Path:
    """The folder with the Snakefile, workflow/, config/ and profiles/: the checkout, else the copy in the wheel."""
    checkout = PACKAGE.parents[1]
    return checkout if (checkout / "Snakefile").exists() else PACKAGE / "checkout"
