"""Why a model is slower or worse than the first, with the remedy: read off the figures of a comparison."""

from collections.abc import Iterator
from typing import Any

from .layers import OTHER_LAYERS
from .report.schema import ModelInfo, Report

SLOWER = 0.95  # of the rounds, in which models take turns: less may be the noise of this machine
SURE = 0.05  # McNemar's p below which a loss of accuracy is not chance
CLIPPED = 0.01  # share of a layer's values beyond its range
LOST = 20  # dB: below it, noise changes answers
OUTLIER = 8  # times the usual channel's largest value: it costs the others three of their eight bits
INTEGERS = ("int8", "uint8", "16x8", "int8 with float parts")


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
        if own and other and own["latency_us"]["1"]["slower_rounds"] >= SLOWER:
            times = own["latency_us"]["1"]["median"] / other["latency_us"]["1"]["median"]
            yield f"takes {times:.2f} times as long with {runtime}: {_slow_because(report, runtime, own, model)}"


def _slow_because(report: Report, runtime: str, cost: dict[str, Any], model: ModelInfo) -> str:
    if model["type"] == "dynamic range":
        return (
            "dynamic range computes each layer's range while it runs. Convert to full int8, with representative images"
        )
    if cost["delegate"] == "none" and runtime == "tflite-runtime" and model["type"] in INTEGERS:
        return "this runtime has no XNNPACK for integers. Try ai-edge-litert: digitpad --runtime ai-edge-litert"
    if cost["delegate"] == "none" and model["open_batch"]:
        return "its number of images is open, so XNNPACK does not take it. Convert it with a fixed batch of 1"
    if cost["delegate"] == "none":
        return "the runtime's own kernels run it, not XNNPACK"
    if _is_other_network(report, model):
        return _other_network(report)
    return "XNNPACK runs both, and a network this small gains by integers on some processors only. Judge on the device"


def _layers_of(report: Report, model: ModelInfo) -> dict[str, Any]:
    return next((own for own in report["layers"] if own["model"] == model["file"]), {})


def _is_other_network(report: Report, model: ModelInfo) -> bool:
    return _layers_of(report, model).get("reason") == OTHER_LAYERS


def _other_network(report: Report) -> str:
    return f"its layers are not those of {report['models'][0]['file']}. Compare it with its own float model first"


def _worse(report: Report, number: int, model: ModelInfo) -> Iterator[str]:
    lost = [own for own in report["sets"] if own["pairs"][number - 1]["difference"] < 0]
    if not any(own["pairs"][number - 1]["mcnemar_p"] < SURE for own in lost):
        return
    points = -min(own["pairs"][number - 1]["difference"] for own in lost)
    worse = f"is {points:.2f} points worse:"
    if _is_other_network(report, model):
        yield f"{worse} {_other_network(report)}"
        return
    reasons = list(_lossy_layers(_layers_of(report, model).get("layers", [])))
    if model["weights"] == "per tensor":
        reasons.append("its weights have one scale for all channels. Convert them per channel")
    if not reasons:
        reasons.append("no single cause; its layers lose a little each. Train with quantisation in the loop")
    yield from (f"{worse} {reason}" for reason in reasons)


def _lossy_layers(layers: list[dict[str, Any]]) -> Iterator[str]:
    """Yield why the signal is lost in the first layer where it is, and where values are clipped before it is."""
    names = ["the input" if i == 0 else f"{i}. {own['operator']}" for i, own in enumerate(layers)]
    ratios = [own["channel_snr_db"] for own in layers]
    at = next((i for i, own in enumerate(ratios) if own is not None and own < LOST), len(layers))
    clipped = max(range(len(layers[: at + 1])), key=lambda i: layers[i]["clipped"], default=None)
    if clipped is not None and layers[clipped]["clipped"] > CLIPPED:
        yield (
            f"{layers[clipped]['clipped']:.1%} of the values of {names[clipped]} are clipped, so it was calibrated on "
            "other pictures. Calibrate it on pictures like these"
        )
    elif at < len(layers) and layers[at]["outlier"]["times"] > OUTLIER:
        outlier = layers[at]["outlier"]
        yield (
            f"the signal is lost in {names[at]}: channel {outlier['channel']} is {outlier['times']:.0f} times as large "
            f"as the others, which are left with {ratios[at]:.0f} dB. Train with weight decay, or convert to 16x8"
        )
    elif at < len(layers):
        yield (
            f"the signal is lost in {names[at]} ({ratios[at]:.0f} dB). Convert it to 16x8, or train with quantisation "
            "in the loop"
        )
