"""Verification of converted files with an edge runtime: `python -m convert.verify RUNTIME FOLDER [--allow-float]`.

A process of its own: tflite-runtime cannot be loaded beside TensorFlow, and a file that crashes the runtime must not
end the conversion. It reads the models that the card in FOLDER names and `images.npy`, and writes the logits to
`RUNTIME.npz`. It prints the name of each model before opening it, so that a crash can be attributed, and one JSON line
at the end.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.errors import DigitpadError, ModelError
from edge_app.modelfiles.card import CARD, INT8, load_model, read_card
from edge_app.modelfiles.selftest import check_reading
from edge_app.modelfiles.verifier import verify as verify_structure
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import Runtime, find_runtime
from edge_app.recognition.model import HOW_TO_MAKE

from .variants import WEIGHTS

WARM = 200


def verify_int8(content: bytes, runtime: Runtime, name: str, *, allow_float: bool = False) -> list[str]:
    """Return the operators of a full-int8 model; raises ModelError for a tensor or operator of another type."""
    interpreter = runtime.open(content)
    kinds = {int(own["index"]): np.dtype(own["dtype"]).name for own in interpreter.get_tensor_details()}
    steps = [step for step in interpreter._get_ops_details() if step["op_name"] != "DELEGATE"]
    parts = sorted({str(step["op_name"]) for step in steps if any(kinds[i] == "float32" for i in step["outputs"])})
    if parts and not allow_float:
        raise ModelError(
            f"{name}: not full int8, since TensorFlow leaves {', '.join(parts)} in float32. Replace what needs it in "
            "the network, or give --allow-float"
        )
    wrong = {kind for kind in kinds.values() if kind not in ("int8", "int32", *(["float32"] if allow_float else []))}
    if wrong:
        raise ModelError(f"{name}: tensors of type {', '.join(sorted(wrong))}, expected int8 and int32")
    for detail in (*interpreter.get_input_details(), *interpreter.get_output_details()):
        if np.dtype(detail["dtype"]) != np.int8:
            raise ModelError(f"{name}: expected int8 input and output, found {np.dtype(detail['dtype']).name}")
    return [str(step["op_name"]) for step in steps]


def verify_weights(content: bytes, runtime: Runtime, name: str) -> None:
    """Raise ModelError unless inputs and outputs are float32 and the weights have the type that `name` stands for."""
    interpreter = runtime.open(content)
    for detail in (*interpreter.get_input_details(), *interpreter.get_output_details()):
        if np.dtype(detail["dtype"]) != np.float32:
            raise ModelError(f"{name}: expected float32 input and output, found {np.dtype(detail['dtype']).name}")
    kinds = {np.dtype(detail["dtype"]).name for detail in interpreter.get_tensor_details()}
    if WEIGHTS[name] not in kinds:
        raise ModelError(f"{name}: expected {WEIGHTS[name]} weights, found only {', '.join(sorted(kinds))}")


def verify(runtime: Runtime, folder: Path, *, allow_float: bool) -> dict[str, Any]:
    """Return the results of a runtime for every model in `folder`, and write their logits for `images.npy`."""
    images = np.load(folder / "images.npy", allow_pickle=False)
    found: dict[str, Any] = {"runtime": runtime.name, "version": runtime.version}
    logits = {}
    for file in read_card(folder / CARD)["files"]:
        print(file, flush=True)
        model = load_model(folder / file)
        verify_structure(model.content)  # as the app does before it opens a file
        classifier = Classifier(model, runtime)
        logits[file] = classifier.logits(images)
        found[file] = {"type": classifier.number_type, "median_us": _median_us(classifier, images[:WARM])}
        if file == INT8:
            found[file]["operators"] = verify_int8(model.content, runtime, file, allow_float=allow_float)
            found[file]["output_step"] = classifier.output_step
            found[file]["problem"] = _problem(classifier)
        elif file in WEIGHTS:
            verify_weights(model.content, runtime, file)
    np.savez(folder / f"{runtime.name}.npz", **logits)
    return found


def _problem(classifier: Classifier) -> str:
    """Return why the app would not open a model; empty if it would."""
    try:
        check_reading(classifier)
    except ModelError as error:
        return str(error)
    return ""


def _median_us(classifier: Classifier, images: NDArray[np.uint8]) -> float:
    times = []
    for image in images:
        started = time.perf_counter_ns()
        classifier.logits(image[None])
        times.append(time.perf_counter_ns() - started)
    return round(float(np.median(times)) / 1000, 1)


def _in_short(error: DigitpadError, folder: str) -> str:
    """Return the error without the temporary folder and without the advice to run this program."""
    return str(error).replace(f"{folder}{os.sep}", "").removesuffix(f" {HOW_TO_MAKE}").removesuffix(".")


def main() -> int:
    """Run the command."""
    try:
        print(
            json.dumps(
                verify(find_runtime(sys.argv[1]), Path(sys.argv[2]), allow_float="--allow-float" in sys.argv[3:])
            )
        )
    except DigitpadError as error:
        print(_in_short(error, sys.argv[2]), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
