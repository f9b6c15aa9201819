"""Why int8 is slower or worse: each cause is named with its remedy, and none without a loss."""

from typing import Any

import pytest

from edge_app.evaluation.compare.why import explain

from .test_page import make_report


def layer(operator: str, snr_db: float, clipped: float = 0.0, share: float = 0.1) -> dict[str, Any]:
    return {"operator": operator, "snr_db": snr_db, "clipped": clipped, "channel": {"index": 5, "share": share}}


def report_of(layers: list[dict[str, Any]], p: float = 0.001, latency: float = 50.0, **model: Any) -> Any:
    """Return a report of two models; the second is 25 points worse, and as fast or slower."""
    report: Any = make_report()
    report["models"] = report["models"][:2]
    report["models"][1].update(model)
    pair = report["sets"][0]["pairs"][0]
    report["sets"][0]["pairs"] = [{**pair, "mcnemar_p": p}]
    report["layers"] = [{"model": "b.tflite", "layers": layers}]
    first = report["cost"][0]
    own = {**first, "model": "b.tflite", "delegate": "none", "latency_us": {"1": {"median": latency}}}
    report["cost"] = [first, own]
    return report


@pytest.mark.parametrize(
    ("layers", "model", "reason"),
    [
        ([layer("CONV_2D", 40), layer("CONV_2D", 9, share=0.8)], {}, "lost in 2. CONV_2D (9 dB, 80% of the noise in"),
        ([layer("CONV_2D", 35, clipped=0.2)], {}, "20.0% of the values of 1. CONV_2D are clipped"),
        ([layer("CONV_2D", 35)], {"weights": "per tensor"}, "its weights have one scale for all channels"),
        ([layer("CONV_2D", 35), layer("SOFTMAX", 35, clipped=0.5)], {}, "no single cause"),
    ],
)
def test_a_loss_of_accuracy_is_explained(layers: list[dict[str, Any]], model: dict[str, Any], reason: str) -> None:
    [line] = explain(report_of(layers, **model))
    assert line.startswith("why b.tflite is 25.00 points worse: ")
    assert reason in line


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ({"type": "dynamic range"}, "Convert to full int8"),
        ({"open_batch": True}, "fixed batch of 1"),
        ({}, "digitpad --runtime ai-edge-litert"),
    ],
)
def test_a_slower_model_is_explained(model: dict[str, Any], reason: str) -> None:
    [line] = explain(report_of([], p=0.5, latency=200.0, **model))
    assert line.startswith("why b.tflite is slower with tflite-runtime: ")
    assert reason in line


def test_a_model_that_is_neither_slower_nor_surely_worse_needs_no_reason() -> None:
    assert explain(report_of([layer("CONV_2D", 9, clipped=0.5)], p=0.5)) == []
