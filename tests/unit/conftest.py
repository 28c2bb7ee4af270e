"""For all tests here: the same arithmetic on every machine, parents, merges and identifiers made once a file, a hub."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from downloads import FILES, Download, arguments
from hub import Hub, serve
from huggingface_hub import constants
from merges import ENCODERS, LANGUAGES, LLMS, write_parent
from push_hub import serve_pushes
from scripts import run_script

from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import load_languages
from vernacular.merge.model import MergedModel, build_merge


@pytest.fixture(scope="session", autouse=True)
def no_bfloat16() -> Iterator[None]:
    """`auto` is float32 in these tests, also where the processor has bfloat16; a test that means the latter says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cpu, "get_capabilities", dict)
        yield


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)  # more of them only wait for one another here
    root = tmp_path_factory.mktemp("parents")
    for kind, options in {**ENCODERS, **LLMS}.items():
        write_parent(root / kind, kind, options)
    return root


@pytest.fixture(scope="module")
def build(parents: Path) -> Callable[..., MergedModel]:
    """A merge of two of the parents by name; a gate whose parameters are all drawn by chance, unless `fresh`."""

    def merge(
        gate: str, encoder: str = "t5", llm: str = "llama", embedding: int = 0, fresh: bool = False, **options: Any
    ) -> MergedModel:
        torch.manual_seed(2)
        folders = {"encoder": str(parents / encoder), "llm": str(parents / llm)}
        model = build_merge(
            {"gate": gate, "language_embedding": embedding, "languages": LANGUAGES, **folders, **options}
        )
        if not fresh:
            zeros = [model.connector.boundary, *(model.connector.gate or torch.nn.Module()).parameters()]
            for parameter in zeros:
                torch.nn.init.normal_(parameter, std=0.4)
        return model

    return merge


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    """Of all languages that are described."""
    return LanguageIdentifier(list(load_languages()))


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve(Hub(dict(FILES))) as server:
        yield server


@pytest.fixture
def pushes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, bytes]]]:
    """What a hub that takes pushes has seen."""
    with serve_pushes(monkeypatch) as seen:
        yield seen


@pytest.fixture
def download(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Download:
    """Run the script here, with the hub's client turned to the server of the test (it reads HF_ENDPOINT once)."""

    def run(options: dict[str, Any], mirror: str = "", endpoint: str = "") -> tuple[int, str]:
        monkeypatch.setattr(constants, "ENDPOINT", endpoint or hub.url)
        place = (endpoint or hub.url) + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", place)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        status = run_script("download", *arguments(tmp_path, options, mirror))
        return status, "".join(capfd.readouterr())

    return run
