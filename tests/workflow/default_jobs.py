"""What dry runs are compared with: the jobs of the default study, and what a target makes."""

from vernacular.study.compile import DEFAULT as DEFAULT_TARGET
from vernacular.study.compile import Study
from vernacular.study.targets import outputs

CORPUS = {"make_questions": 2, "make_training_data": 1, "make_traces": 1, "filter_traces": 1}
SUMMARIES = {"make_table": 1, "make_claims": 1, "check_leaks": 1, "make_samples": 1, "make_page": 1}
DEFAULT = {
    **CORPUS,
    "pretrain": 1,
    "train_sft": 1,
    "make_rl_prompts": 1,
    "train_grpo": 3,
    "generate": 12,
    "score": 12,
    "plot_training": 1,
    "plot_pareto": 1,
    "plot_languages": 1,
    **SUMMARIES,
}
# What scores need: all but figures and the report on the filter.
NEEDED = [*CORPUS, "pretrain", "train_sft", "make_rl_prompts", "train_grpo", "generate", "score", "make_table"]


def outputs_of(study: Study, name: str) -> list[str]:
    """What `snakemake <name>` makes of a study."""
    return outputs(study, study.targets[f"{name}-" if name else DEFAULT_TARGET])
