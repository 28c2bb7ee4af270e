"""Where the files of a study are, relative to the working directory. The rules spell out the same patterns."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paths:
    """results: the study's folder, results/<study>."""

    results: str

    def model(self, name: str, seed: int | str) -> str:
        return f"{self.results}/seed-{seed}/models/{name}"

    def generations(self, label: str, benchmark: str, seed: int | str) -> str:
        return f"{self.results}/seed-{seed}/generations/{label}/{benchmark}.parquet"

    def scores(self, label: str, benchmark: str, seed: int | str) -> str:
        return f"{self.results}/seed-{seed}/scores/{label}/{benchmark}.parquet"

    def prompts(self, parent: str, seed: int | str) -> str:
        return f"{self.results}/seed-{seed}/corpus/rl/{parent}.parquet"

    def functions(self, model: str) -> str:
        return f"{self.results}/functions/{model}"

    def probe(self, model: str, seed: int | str) -> str:
        return f"{self.results}/seed-{seed}/slam/{model}/probe.parquet"

    def layers(self, model: str, seed: int | str) -> str:
        return f"{self.results}/seed-{seed}/slam/{model}/layers.json"

    def costs(self, name: str, seed: int | str) -> str:
        return f"{self.results}/costs/seed-{seed}/{name}.csv"

    def card(self, model: str, seed: int | str) -> str:
        return f"{self.results}/cards/seed-{seed}/{model}.md"

    def questions(self, split: str) -> str:
        return f"{self.results}/corpus/questions/{split}.parquet"

    def training(self, data: str) -> str:
        return f"{self.results}/corpus/training/{data}.parquet"

    @property
    def kept_traces(self) -> str:
        return f"{self.results}/corpus/traces/kept.parquet"

    def download(self, name: str) -> str:
        """name: data/<source> or models/<model>."""
        return f"{self.results}/downloads/{name}"

    def table(self, name: str) -> str:
        return f"{self.results}/tables/{name}.csv"

    def figure(self, name: str) -> list[str]:
        """A figure is four files: for slides, the web and print, and its numbers."""
        return [f"{self.results}/figures/{name}.{kind}" for kind in ("png", "svg", "pdf", "csv")]
