"""The report is a page that a browser opens: nothing of a configuration may become markup in it."""

from pathlib import Path

from workspaces import snakemake

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_markup_in_a_configuration_is_no_markup_in_the_report(workspace: Path) -> None:
    config = workspace / "config" / "config.yaml"
    lines = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("scale:")]
    config.write_text("\n".join([f'scale: "{HOSTILE}"', *lines]) + "\n", encoding="utf-8")
    touched = snakemake(workspace, "--touch")
    assert touched.status == 0, touched.text
    done = snakemake(workspace, "--report", "report.html")
    page = (workspace / "report.html").read_text(encoding="utf-8")
    assert done.status == 0 and len(page) > 100_000, done.text
    assert "<script>alert(1)" not in page and "<img src=x" not in page
