"""The JSON report of a comparison."""

from typing import Any, NotRequired, TypedDict


class ModelInfo(TypedDict):
    """A model; `temperature` is None without a card."""

    file: str
    sha256: str
    bytes: int
    type: str  # what it computes with
    interface: str  # types of input and output
    input: str  # what it takes for paper and ink
    softmax: bool  # whether it ends in one
    weights: str  # of convolutions: per channel, per tensor, or "" for float
    open_batch: bool  # whether the number of images is open
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
    read: str  # the answers in order, "?" for no digit
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
    logits_snr_db: float | None  # None: identical; of the probabilities where a model ends in a softmax
    logits_largest_deviation: float
    flips: list[Flip]


class LabelledSet(TypedDict):
    """A labelled set; `pairs` holds every model after the first."""

    name: str
    n: int
    skipped: int
    labels: str  # in order, as the answers of each model
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
    warnings: list[str]  # a line for each set that a model has seen
    layers: list[dict[str, Any]]  # model, and layers or a reason why there are none
    why: list[str]  # a line for each reason that a model is slower or worse than the first
    cost: list[dict[str, Any]]  # model, runtime, latency_us by number of threads, or an error
    preprocessing_us: dict[str, float]


class MergedRow(TypedDict):
    """A model on a device with a runtime; None for what was not measured there."""

    device: str
    processor: str
    runtime: str
    model: str
    type: str
    accuracy: float | None  # on the common set, with the runtime that answered there
    median_us: float | None
    peak_bytes: float | None


class Difference(TypedDict):
    """The digits of a set that a model read differently on some of the devices that have both."""

    set: str
    n: int
    model: str
    devices: list[str]
    different: int
    digits: list[dict[str, Any]]  # index, label and the answers in the order of `devices`; the first ones


class MergedReport(TypedDict):
    """All that `compare --merge --json` writes."""

    set: dict[str, Any] | None  # name and n of the first set that all devices have; None for no such set
    rows: list[MergedRow]
    differences: list[Difference]
