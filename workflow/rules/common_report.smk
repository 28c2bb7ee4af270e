# What the rules of the page take. No rules here.
import hashlib

CAPTIONS = {  # figure -> its title, and what is seen
    "pareto": (
        "Accuracy against language consistency",
        "Averages over the languages other than English; LCPR is the rate at which traces stay in the query's language "
        "line by line and word by word. Markers grow with tokens; bars are 95 % intervals over questions.",
    ),
    "languages": ("Scores by language", "Accuracy and LCPR of every model in every language, with 95 % intervals."),
    "training": (
        "GRPO over its steps",
        "Of the rollouts at each step, asked in the training languages: right answers, traces in the query's language, "
        "the strength of the alignment, tokens; means of five steps.",
    ),
    "training-languages": (
        "Languages of the traces",
        "Which language the rollouts' traces are in at each step, by the identifier that the reward uses.",
    ),
    "slam-probe": (
        "Where a model handles language",
        "Activation by layer and language, and the layers that were chosen.",
    ),
    "merge-gates": ("Gates and gains by language", "Both weights of the gate, beside the gain in accuracy."),
}


def page_figures():
    """The figures that the default study makes, in the order of the page."""
    targets = {e["target"] for e in default_evaluations()}
    names = ["pareto", "languages"]
    names += ["training", "training-languages"] * bool(trained(default_evaluations()))
    names += [f"slam-probe-{study['slam']['reference']}"] if "slam" in targets else []
    names += ["merge-gates"] * ("merge" in targets)
    return [f"{RESULTS}/figures/{name}.png" for name in names]


def page_options(wildcards):
    figures = {}
    for path in page_figures():
        name = Path(path).stem
        title, caption = CAPTIONS["slam-probe" if name.startswith("slam-probe-") else name]
        figures[name] = {"title": title, "caption": caption}
    return text({"study": study["study"], "scale": study["scale"], "figures": figures})


def page_looks():
    """A hash of the template, its style and its script, so that an edit of them makes the page anew."""
    files = sorted((ROOT / "workflow" / "report").glob("page.*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def samples_evaluations():
    """Those made by default that ask the first benchmark, and ask it in the same split."""
    first = default_evaluations()[0]
    benchmark = first["benchmarks"][0]
    same = [e for e in default_evaluations() if benchmark in e["benchmarks"] and e["split"] == first["split"]]
    return [{**e, "benchmarks": [benchmark]} for e in same]


def samples_files(kind):
    """Their scores or generations with the first seed."""

    def files(wildcards):
        names = evaluated_names(samples_evaluations())
        [benchmark] = samples_evaluations()[0]["benchmarks"]
        return [f"{RESULTS}/seed-{study['seeds'][0]}/{kind}/{name}/{benchmark}.parquet" for name in names]

    return files


def samples_questions(wildcards):
    return f"{RESULTS}/corpus/questions/{samples_evaluations()[0]['split']}.parquet"
