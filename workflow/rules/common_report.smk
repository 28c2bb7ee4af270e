# What the rules of the page take. No rules here.
import hashlib

# Page -> the table of rates, of claims and of samples that it shows; all but the first are parts of their own.
PAGES = {
    "index": {"scores": "scores", "claims": "claims", "samples": "samples"},
    "schedules": {"scores": "schedules", "claims": "schedules-claims", "samples": "schedules-samples"},
    "trajectories": {"scores": "trajectories"},
    "slam": {"scores": "slam-scores", "claims": "slam-claims", "samples": "slam-samples"},
    "merge": {"scores": "merge-scores", "claims": "merge-claims", "samples": "merge-samples"},
}
PARTS = {  # how a page is called, and the target that makes it
    "index": ("Overview", ""),
    "schedules": ("Alignment schedules", "schedules"),
    "trajectories": ("Trajectories", "trajectories"),
    "slam": ("SLAM", "slam"),
    "merge": ("ST-Merge", "merge"),
}


def page_evaluations(page):
    return default_evaluations() if page == "index" else evaluations_of(page)


def page_targets(page):
    return {e["target"] for e in page_evaluations(page)}


def shown(name, title, caption):
    """A figure or table of the page; what is said below it is what Snakemake's report says, once for both."""
    lines = (ROOT / "workflow" / "report" / f"{caption}.rst").read_text(encoding="utf-8").split()
    return {name: {"title": title, "caption": re.sub("[*`]", "", " ".join(lines))}}


def page_figures(page):
    """Figure -> its title and caption, in the order of the page."""
    targets = page_targets(page)
    found = {}
    if page == "index":
        found |= shown("pareto", "Accuracy against language consistency", "pareto")
        found |= shown("languages", "Scores by language", "languages")
    if page == "trajectories":
        found |= shown("trajectories", "GRPO's way through accuracy and LCPR", "trajectories")
    if page in ("index", "schedules") and trained(page_evaluations(page)):
        curves = "training" if page == "index" else page
        found |= shown(curves, "GRPO over its steps", "training")
        found |= shown(f"{curves}-languages", "Languages of the traces", "training_languages")
    if "slam" in targets:
        reference = study["slam"]["reference"]
        found |= shown(f"slam-probe-{reference}", f"Where {reference} handles language", "slam_figure")
    if "merge" in targets:
        found |= shown("merge-gates", "Gates and gains by language", "merge_gates")
    return found


def page_tables(page):
    """Table -> its title and caption: what SLAM and the merges have beside the rates."""
    targets = page_targets(page)
    found = {}
    if "slam" in targets:
        found |= shown("tables/slam.csv", "SLAM and its baselines", "slam_table")
        found |= shown("costs/slam.csv", "What SLAM and its baselines cost", "slam_costs")
    if "merge" in targets:
        found |= shown("tables/merge.csv", "Merges on their benchmarks", "merge_table")
        for benchmark in merge_benchmarks():
            found |= shown(f"tables/merge-{benchmark}.csv", f"{benchmark} by language", "merge_languages")
    return found


def page_input(kind):
    """The files of a page: of `scores`, `claims` and `samples` one table or none, of the others all."""

    def files(wildcards):
        page = wildcards.page
        if kind == "figures":
            return [f"{RESULTS}/figures/{name}.png" for name in page_figures(page)]
        if kind == "tables":
            return [f"{RESULTS}/{name}" for name in page_tables(page)]
        if kind == "leaks":
            return leaks_file("leaks" if page == "index" else f"{page}-leaks")
        folder, name = ("costs", "claims") if kind == "timed" else ("tables", kind)
        return [f"{RESULTS}/{folder}/{PAGES[page][name]}.csv"] if name in PAGES[page] else []

    return files


def study_pages():
    """The pages that this study can have."""
    targets = {e["target"] for e in study["evaluations"] if not e["default"]}
    return [page for page in PAGES if page == "index" or page in targets]


def page_file(page):
    """The page, where it is one of its own: what is made by default stands on the first one."""
    return [f"{RESULTS}/{page}.html"] if page in study_pages() else []


def page_options(wildcards):
    page = wildcards.page
    links = {f"{name}.html": PARTS[name] for name in study_pages() if name != page}
    return text(
        {
            "study": study["study"],
            "scale": study["scale"],
            "part": PARTS[page][0],
            "pages": links,
            "figures": page_figures(page),
            "tables": page_tables(page),
        },
        sort_keys=False,
    )


def page_looks():
    """A hash of the template, its style and its script, so that an edit of them makes the page anew."""
    files = sorted((ROOT / "workflow" / "report").glob("page.*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def samples_page(wildcards):
    return next(page for page, tables in PAGES.items() if tables.get("samples") == wildcards.samples)


def samples_evaluations(page):
    """Those of a page that ask its first benchmark, and ask it in the same split."""
    first = page_evaluations(page)[0]
    benchmark = first["benchmarks"][0]
    same = [e for e in page_evaluations(page) if benchmark in e["benchmarks"] and e["split"] == first["split"]]
    return [{**e, "benchmarks": [benchmark]} for e in same]


def samples_files(kind):
    """Their scores or generations with the first seed."""

    def files(wildcards):
        evaluations = samples_evaluations(samples_page(wildcards))
        [benchmark] = evaluations[0]["benchmarks"]
        seed = study["seeds"][0]
        return [f"{RESULTS}/seed-{seed}/{kind}/{name}/{benchmark}.parquet" for name in evaluated_names(evaluations)]

    return files


def samples_questions(wildcards):
    return f"{RESULTS}/corpus/questions/{samples_evaluations(samples_page(wildcards))[0]['split']}.parquet"


def trajectories_outputs(wildcards):
    return [
        *target_outputs("trajectories")(wildcards),
        *figure("trajectories"),
    ]
