"""torch.compile where the C++ compiler fails: the training's last line says so, with the compiler's own words."""

import os
import subprocess
import sys
from pathlib import Path

# Says its version, as it is asked first, and then has no room for its output.
FULL = """#!/bin/sh
case "$*" in *--version*) exec g++ --version;; esac
echo "<built-in>: fatal error: when writing output to header.i: No space left on device" >&2
exit 1
"""
COMPILE = """
import torch
from vernacular.models.job import failed_compile
try:
    torch.compile(lambda x: x.sin() + 1)(torch.ones(3))
except Exception as error:
    print(failed_compile(error))
print(failed_compile(RuntimeError("mat1 and mat2 shapes cannot be multiplied")))
print(failed_compile(torch._inductor.exc.InductorError(AssertionError("a bug"), None)))
"""


def test_the_compilers_own_words(tmp_path: Path) -> None:
    compiler = tmp_path / "g++"
    compiler.write_text(FULL)
    compiler.chmod(0o755)
    environment = {**os.environ, "CXX": str(compiler), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-P", "-c", COMPILE], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    expected = "<built-in>: fatal error: when writing output to header.i: No space left on device"
    assert done.stdout.splitlines() == [expected, "None", "None"]
