"""The page of a study in Chromium: no fault, no request, and what answers to keys and clicks."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import hostile_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHECK = """
<script>
const faults = [];
window.addEventListener("error", (event) => faults.push(String(event.message || event.target.src)), true);
document.addEventListener("securitypolicyviolation", (event) => faults.push(event.violatedDirective));
window.addEventListener("load", () => {
  for (const plot of document.querySelectorAll("figure svg")) {
    const box = plot.getBoundingClientRect(), hidden = plot.closest(".only-narrow");
    if (!hidden && (box.width < 300 || box.height < 100)) faults.push("no plot " + plot.getAttribute("aria-label"));
  }
  const point = document.querySelector(".only-wide .point");
  point.focus();
  const told = document.getElementById("tip").textContent;
  document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}));
  const gone = document.getElementById("tip").hidden;
  const table = document.querySelector("#scores table.sortable");
  const order = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent).join(" ");
  const seen = [order()];
  for (const column of [1, 1, 0]) {
    table.tHead.rows[0].cells[column].querySelector("button").click();
    seen.push(order());
  }
  const other = document.querySelector("#tables table.sortable");
  other.tHead.rows[0].cells[2].querySelector("button").click();
  seen.push([...other.tBodies[0].rows].map((row) => row.cells[0].textContent).join(" "));
  for (const part of document.querySelectorAll("details")) part.open = true;
  const report = {faults, seen, told, gone, title: document.title, requests:
    performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("data:"))};
  const result = document.createElement("output");
  result.textContent = "REPORT" + JSON.stringify(report) + "END";
  document.body.append(result);
});
</script>
"""


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[dict[str, Any]]:
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM HERE: the page was not opened in a browser (apt-get install chromium)")
    watched = tmp_path / "watched.html"
    text = hostile_page(tmp_path / "page").read_text(encoding="utf-8")
    watched.write_text(text.replace("<style>", CHECK + "<style>", 1), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
    command += [
        f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=10000",
        "--dump-dom",
        watched.as_uri(),
    ]
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240)
    found = re.search(r"REPORT(\{.*?\})END</output>", done.stdout, re.DOTALL)
    assert found, done.stderr[-3000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    yield {**json.loads(found[1].replace("&amp;", "&")), "console": console}


def test_in_a_browser(seen: dict[str, Any]) -> None:
    """No error, no message on the console, every figure there, no request; a point tells its numbers, a click sorts."""
    assert seen["faults"] == [] and seen["console"] == [] and seen["requests"] == []
    assert seen["told"].startswith("old on mini: accuracy 0.") and seen["gone"]
    assert seen["title"] == "s, My ablation (miniature) – Vernacular"
    assert seen["seen"] == ["old new", "new old", "old new", "new old", "slam lora"]
