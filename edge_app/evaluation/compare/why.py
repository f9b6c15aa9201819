"""Why a model is slower or worse than the first, with the remedy: read off the figures of a comparison."""

from collections.abc import Iterator
from typing import Any

from .report.schema import ModelInfo, Report

SLOWER = 1.05  # times the first model's latency
SURE = 0.05  # McNemar's p below which a loss of accuracy is not chance
CLIPPED = 0.01  # share of a layer's values at the end of their range
LOST = 20  # dB: below it, noise changes answers
BOUNDED = ("SOFTMAX", "LOGISTIC", "TANH")  # they end at 1, and so do their integers
MOST = 0.5  # share of a layer's noise that makes one channel an outlier


def explain(report: Report) -> list[str]:
    """Return a line for each reason that a model is slower or worse than the first."""
    lines = []
    for number, model in enumerate(report["models"][1:], 1):
        reasons = [*_slower(report, model), *_worse(report, number, model)]
        lines += [f"why {model['file']} {reason}" for reason in reasons]
    return lines


def _slower(report: Report, model: ModelInfo) -> Iterator[str]:
    first = report["models"][0]["file"]
    costs = {(own["runtime"], own["model"]): own for own in report["cost"] if "error" not in own}
    for runtime in (own["name"] for own in report["runtimes"]):
        own, other = costs.get((runtime, model["file"])), costs.get((runtime, first))
        if own and other and own["latency_us"]["1"]["median"] > SLOWER * other["latency_us"]["1"]["median"]:
            yield f"is slower with {runtime}: {_slow_because(runtime, own, model)}"


def _slow_because(runtime: str, cost: dict[str, Any], model: ModelInfo) -> str:
    if model["type"] == "dynamic range":
        return (
            "dynamic range computes each layer's range while it runs. Convert to full int8, with representative images"
        )
    if cost["delegate"] == "none" and model["open_batch"]:
        return "its number of images is open, so XNNPACK does not take it. Convert it with a fixed batch of 1"
    if cost["delegate"] == "none" and runtime == "tflite-runtime":
        return "this runtime has no XNNPACK for it. Try ai-edge-litert: digitpad --runtime ai-edge-litert"
    if cost["delegate"] == "none":
        return "the runtime's own kernels run it, not XNNPACK"
    return "both are small, so calls and conversions weigh more than arithmetic. Judge on the device it is for"


def _worse(report: Report, number: int, model: ModelInfo) -> Iterator[str]:
    lost = [own for own in report["sets"] if own["pairs"][number - 1]["difference"] < 0]
    if not any(own["pairs"][number - 1]["mcnemar_p"] < SURE for own in lost):
        return
    points = -min(own["pairs"][number - 1]["difference"] for own in lost)
    worse = f"is {points:.2f} points worse:"
    layers: list[dict[str, Any]] = []
    for own in report["layers"]:
        layers = own.get("layers", []) if own["model"] == model["file"] else layers
    reasons = list(_lossy_layers(layers))
    if model["weights"] == "per tensor":
        reasons.append("its weights have one scale for all channels. Convert them per channel")
    if not reasons:
        reasons.append("no single cause; its layers lose a little each. Train with quantisation in the loop")
    yield from (f"{worse} {reason}" for reason in reasons)


def _lossy_layers(layers: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the layer in which most of the signal is lost, and the one whose values are clipped most."""
    ratios = [60.0 if layer["snr_db"] is None else layer["snr_db"] for layer in layers]
    drops = [before - own for before, own in zip([60.0, *ratios], ratios, strict=False)]
    open_ended = [layer for layer in layers if layer["operator"] not in BOUNDED]
    clipped = max(open_ended, key=lambda layer: float(layer["clipped"]), default=None)
    if clipped and clipped["clipped"] > CLIPPED:
        name = f"{layers.index(clipped) + 1}. {clipped['operator']}"
        yield (
            f"{clipped['clipped']:.1%} of the values of {name} are clipped, so it was calibrated on other pictures. "
            "Calibrate it on pictures like these"
        )
    if ratios and min(ratios) < LOST:
        at = drops.index(max(drops))
        layer = layers[at]
        channel, share = layer["channel"]["index"], layer["channel"]["share"]
        outlier = f", {share:.0%} of the noise in channel {channel}" if share > MOST else ""
        yield (
            f"the signal is lost in {at + 1}. {layer['operator']} ({ratios[at]:.0f} dB{outlier}). "
            "Its channels differ too much in range: quantise it per channel, or train with weight decay"
        )
