"""The wheel carries a copy of the workflow, so that `vernacular new` and `vernacular plan` need no checkout."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PARTS = ("Snakefile", "config", "profiles", "requirements.lock", "workflow")


class WithWorkflow(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the checkout itself is there
            return
        for part in PARTS:
            for path in [Path(part), *Path(part).rglob("*")]:
                if path.is_file() and "__pycache__" not in path.parts:
                    target = Path(self.build_lib, "vernacular", "checkout", path)
                    self.mkpath(str(target.parent))
                    self.copy_file(str(path), str(target))


setup(cmdclass={"build_py": WithWorkflow})
