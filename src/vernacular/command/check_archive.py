"""Compare this archive with its checksums. It is run by `python ARCHIVE.zip` and needs Python alone."""

import hashlib
import os
import sys
import zipfile
import zlib

SUMS = "SHA256SUMS"


def wrong(path: str) -> tuple[list[str], int]:
    """(a line for each file that is missing, added or changed; how many files there should be)."""
    with zipfile.ZipFile(path) as archive:
        expected = dict(line.split("  ", 1)[::-1] for line in archive.read(SUMS).decode().splitlines())
        names = set(archive.namelist()) - {SUMS}
        found = [f"{name}: missing" for name in sorted(set(expected) - names)]
        found += [f"{name}: not of this archive" for name in sorted(names - set(expected))]
        for name in sorted(names & set(expected)):
            try:
                if hashlib.sha256(archive.read(name)).hexdigest() != expected[name]:
                    found.append(f"{name}: changed")
            except (zipfile.BadZipFile, zlib.error, OSError, ValueError) as error:
                found.append(f"{name}: broken ({error})")
    return found, len(expected)


if __name__ == "__main__":
    archive = os.path.dirname(os.path.abspath(__file__))
    lines, count = wrong(archive)
    print("\n".join(lines) or f"{count} files, all as they were archived; to look at them: unzip {archive}")
    sys.exit(1 if lines else 0)
