"""Options of the stages that write tables of comparisons, figures, pages and model cards."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from vernacular.evaluation.options import SummaryOptions
from vernacular.storage.options import Options

WIDTH = 9.0  # inches: 100 px an inch on a page 900 px wide, so that 9 pt are 12.5 px there


@dataclass(frozen=True)
class FigureOptions(SummaryOptions):
    """width: of the figure in inches; slots: model -> its place in the study, by which it has one look (style.look)."""

    width: float = WIDTH
    slots: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SlamOptions(FigureOptions):
    """reference: the model that SLAM starts from; baseline: the two-stage model; chains: model -> its trainings."""

    section: ClassVar[str] = "slam"  # of the configuration, where the models are named

    reference: str = ""
    baseline: str = ""
    chains: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class MergeOptions(FigureOptions):
    """reference: the LLM alone; baseline: the merge that others are compared with; model: whose gates are shown."""

    section: ClassVar[str] = "merge"  # of the configuration, where the models are named

    reference: str = ""
    baseline: str = ""
    model: str = ""
    low_resource: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TrajectoriesOptions(Options):
    """paths: GRPO model -> step -> the name under which its checkpoint was evaluated, in the order of the steps."""

    ordered: ClassVar[bool] = True

    study: str
    scale: str
    paths: dict[str, dict[str, str]]
    width: float = WIDTH
    slots: dict[str, int] = field(default_factory=dict)


PAGE_QUESTION = "Do the models reason in the language they are asked in, and do they still answer correctly?"


@dataclass(frozen=True)
class PageOptions(Options):
    """part: this page's title; question: what it answers; pages: file -> (title, target) of the study's other pages;
    figures and tables: name -> {title, caption}, in the order of the files given; slots: as in FigureOptions."""

    ordered: ClassVar[bool] = True

    study: str
    scale: str
    part: str
    question: str
    pages: dict[str, list[str]]
    figures: dict[str, dict[str, str]]
    tables: dict[str, dict[str, str]]
    slots: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CardOptions(Options):
    """What a model card says of its study, of the model's parents (nearest first), data and sources."""

    study: str
    scale: str
    licence: str | None
    languages: list[str]
    parents: list[dict[str, Any]]
    data: list[dict[str, Any]] | None
    sources: list[dict[str, str]]
