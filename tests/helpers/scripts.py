"""How tests run a script of the workflow in their own process."""

import importlib.util
from pathlib import Path
from types import ModuleType

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def script(name: str) -> ModuleType:
    """The module of workflow/scripts/<name>.py."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_script(name: str, *arguments: object) -> int:
    """Its exit status with these arguments."""
    status: int = script(name).main([str(argument) for argument in arguments])
    return status
