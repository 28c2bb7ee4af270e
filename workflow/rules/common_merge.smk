# What the rules of the merges take. No rules here.


def merged(part):
    """The folder of one of the two models that a merge joins: `encoder` or `llm`."""

    def path(wildcards):
        return f"{RESULTS}/seed-{wildcards.seed}/models/{merge_parents(MODELS, wildcards.model)[part]}"

    return path


def merge_options(wildcards):
    return text(
        {
            "asked": asked([e for e in study["evaluations"] if e["target"] == "merge"]),
            "study": study["study"],
            "scale": study["scale"],
            "draws": study["bootstrap"],
            **study.get("merge", {}),
        }
    )


def merge_benchmarks():
    return list(dict.fromkeys(name for e in evaluations_of("merge") for name in e["benchmarks"]))


def merge_scores(wildcards):
    return scores_of(evaluations_of("merge"))


def merge_generations(wildcards):
    """Of the merge whose gates are shown: its generations hold the weights of every question."""
    return [
        f"{RESULTS}/seed-{seed}/generations/{study['merge']['model']}/{benchmark}.parquet"
        for seed in study["seeds"]
        for benchmark in merge_benchmarks()
    ]


def merge_outputs(wildcards):
    return [
        *merge_scores(wildcards),
        f"{RESULTS}/tables/merge.csv",
        f"{RESULTS}/tables/merge-scores.csv",
        f"{RESULTS}/tables/merge-claims.csv",
        *leaks_file("merge-leaks"),
        *(f"{RESULTS}/tables/merge-{benchmark}.csv" for benchmark in merge_benchmarks()),
        *figure("merge-gates"),
        *page_file("merge"),
    ]
