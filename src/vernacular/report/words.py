"""Names of metrics, columns and groups of languages as a reader should see them: words, not the names in files."""

import re

from vernacular.language.languages import ENGLISH, name_of

METRICS = {
    "accuracy": "accuracy",
    "pass_at_k": "pass@k",
    "language_consistency": "language consistency",
    "lpr": "line pass rate",
    "wpr": "word pass rate",
    "lcpr": "LCPR",
    "wpr_by_question": "word pass rate, by question",
    "lcpr_by_question": "LCPR, by question",
    "code_switch_rate": "share of traces that switch languages",
    "foreign_script_rate": "share of traces with letters of a foreign script",
    "abstained_rate": "share of traces without an identified language",
    "answer_consistency": "share of responses in the question's language",
    "tokens_mean": "tokens per completion",
    "tokens_spread": "standard deviation of tokens over their mean",
    "tokens_by_characters": "tokens per completion (characters / 4)",
    "msd_depth": "correlation of a layer's MSD with its number",
    "seconds": "training time, baseline over model",
}
COLUMNS = {
    "n": "questions",
    "k": "samples per question",
    "msd": "MSD",
    "average": "all languages",
    "low_resource": "low-resource languages",
    "gain": "gain over the baseline",
    "english": "English",
    "spearman": "Spearman's correlation",
    "lost_in_english": "change in English",
    "seconds": "seconds",  # as a metric of a claim it is a ratio
}
GROUPS = {
    "all": "languages other than English",
    "every": "all languages with English",
    "in-domain": "training languages",
    "out-of-domain": "languages not trained on",
}
VERDICT_PARTS = {
    "as claimed": "on the claimed side",
    "against it": "on the other side",
    "open": "may be chance",
}


def metric_words(metric: str, k: int | None = None) -> str:
    """The name of a metric; with k samples of each question `pass_at_k` says how many."""
    if metric == "pass_at_k" and k:
        return f"pass@{k}"
    return METRICS.get(metric, metric.replace("_", " "))


def column_words(name: str) -> str:
    return COLUMNS.get(name) or METRICS.get(name) or name.replace("_", " ")


def group_words(group: str) -> str:
    """A group of languages, or codes with spaces between, as in a claim's table."""
    if group in GROUPS:
        return GROUPS[group]
    return ", ".join(name_of(code) for code in group.split())


def languages_words(text: str) -> str:
    """The languages of a claim's part or a criterion: one group, or one minus another."""
    # As evaluation/claims.py and evaluation/regime.py join them.
    groups = [group_words(group) for group in re.split(" against | less ", text)]
    return " minus ".join(groups)


def head_words(code: str) -> tuple[str, str]:
    """(short, long) name of a column of scores: a language's code, or a group."""
    short = {"all": f"all but {ENGLISH}", "in-domain": "trained", "out-of-domain": "not trained"}
    return (short[code], GROUPS[code]) if code in GROUPS else (code, name_of(code))
