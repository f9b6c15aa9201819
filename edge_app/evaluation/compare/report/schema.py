"""The JSON report of a comparison."""

from typing import Any, NotRequired, TypedDict


class ModelInfo(TypedDict):
    """A model; `temperature` is None without a card."""

    file: str
    sha256: str
    bytes: int
    type: str
    classes: list[str]
    temperature: float | None


class Answers(TypedDict):
    """How one model answered a set; shares are from 0 to 1, `interval` is Wilson's of 95 %."""

    right: int
    accuracy: float
    interval: list[float]
    per_class: list[dict[str, Any]]  # n, right, interval of each digit
    confusion: list[list[int]]  # 10 rows of true digits, columns as the model's classes
    calibration_error: float
    reliability: list[dict[str, float]]  # confidence, accuracy, n of each bin


class Flip(TypedDict):
    """A digit that two models read differently, with both models' scores for both answers."""

    index: int
    label: int
    read: list[int]
    first_scores: list[float]
    second_scores: list[float]


class Pair(TypedDict):
    """A model against the first; `difference` in points, above 0 where it is better."""

    difference: float
    only_first_right: int
    only_second_right: int
    mcnemar_p: float
    flipped: int
    agreement: float
    logits_snr_db: float | None  # None: identical
    logits_largest_deviation: float
    flips: list[Flip]


class LabelledSet(TypedDict):
    """A labelled set; `pairs` holds every model after the first."""

    name: str
    n: int
    skipped: int
    models: list[Answers]
    pairs: list[Pair]


class Robustness(TypedDict):
    """Accuracy on the same digits, corrupted in each way."""

    set: str
    n: int
    seed: int
    clean: list[float]
    corruptions: list[dict[str, Any]]  # name, accuracy and flipped of each model


class Report(TypedDict):
    """All that `compare --json` writes."""

    digitpad: str
    device: dict[str, Any]
    runtime: str
    runtimes: list[dict[str, str]]
    models: list[ModelInfo]
    sets: list[LabelledSet]
    robustness: NotRequired[Robustness]
    layers: list[dict[str, Any]]  # model, and layers or a reason why there are none
    cost: list[dict[str, Any]]  # model, runtime, latency_us by number of threads, or an error
    preprocessing_us: dict[str, float]
