"""The docs as a site, as `make site` builds it: strict, so a dead link or anchor ends the build."""

import re
import subprocess

import pytest
from studies import ROOT


@pytest.mark.slow
def test_the_site() -> None:
    done = subprocess.run(["make", "site"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    site = ROOT / ".cache" / "site"
    pages = {page.name: page.read_text(encoding="utf-8") for page in site.glob("*.html")}
    assert {"index.html", "configuration.html", "api.html", "gallery.html", "own-study.html"} <= set(pages)
    for name in ("adamame", "st-merge"):  # each equation is rendered
        equations = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").count("```math")
        assert pages[f"{name}.html"].count("<math ") == equations >= 3, name
    assert "LanguageIdentifier" in pages["api.html"] and "verifiers_reward" in pages["api.html"]
    for name, page in pages.items():  # opens without a network
        assert not re.search(r'(?:src|rel="stylesheet" href)="https?://', page), name
    assert not re.search(r'href="(?:\.\./)*docs/', pages["index.html"])
