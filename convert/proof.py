"""Proof of a converted file by an edge runtime: `python -m convert.proof RUNTIME FOLDER`, a process of its own.

Its own process, because tflite-runtime cannot be loaded into one that holds TensorFlow, and because a file that
crashes the runtime must not take the conversion with it. Reads the models and `images.npy` in FOLDER, writes
`RUNTIME.npz` with the raw outputs, prints one JSON line.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from edge_app.classifier import Classifier
from edge_app.errors import DigitpadError, ModelError
from edge_app.modelfile import FLOAT, INT8, load_model
from edge_app.runtime import Runtime, find_runtime

FLOAT_STEPS = {"DEQUANTIZE", "QUANTIZE"}
WARM = 200


def prove_int8(content: bytes, runtime: Runtime, name: str) -> list[str]:
    """Return the operators of a full-int8 model; raises ModelError if any tensor or operator is of another kind."""
    interpreter = runtime.open(content)
    kinds = {detail["name"]: np.dtype(detail["dtype"]).name for detail in interpreter.get_tensor_details()}
    wrong = {tensor: kind for tensor, kind in kinds.items() if kind not in ("int8", "int32")}
    if wrong:
        tensor, kind = next(iter(wrong.items()))
        raise ModelError(f"{name}: {len(wrong)} tensors are neither int8 nor int32, such as {tensor!r}: {kind}")
    operators = [str(step["op_name"]) for step in interpreter._get_ops_details()]
    if FLOAT_STEPS & set(operators):
        raise ModelError(f"{name}: holds {', '.join(sorted(FLOAT_STEPS & set(operators)))}, so it is not full int8")
    if "SOFTMAX" in operators:
        raise ModelError(f"{name}: ends in a softmax, expected logits")
    for detail in (*interpreter.get_input_details(), *interpreter.get_output_details()):
        if np.dtype(detail["dtype"]) != np.int8:
            raise ModelError(f"{name}: expected int8 input and output, found {np.dtype(detail['dtype']).name}")
    return [operator for operator in operators if operator != "DELEGATE"]


def prove(runtime: Runtime, folder: Path) -> dict[str, Any]:
    """Return what a runtime says of both models in `folder`, and write their logits on `images.npy`."""
    images = np.load(folder / "images.npy", allow_pickle=False)
    found: dict[str, Any] = {"runtime": runtime.name, "version": runtime.version}
    logits = {}
    for file in (FLOAT, INT8):
        model = load_model(folder / file)
        classifier = Classifier(model, runtime)
        logits[file] = classifier.logits(images)
        times = []
        for image in images[:WARM]:
            started = time.perf_counter_ns()
            classifier.logits(image[None])
            times.append(time.perf_counter_ns() - started)
        found[file] = {"median_us": round(float(np.median(times)) / 1000, 1)}
        if file == INT8:
            found[file]["operators"] = prove_int8(model.content, runtime, file)
    np.savez(folder / f"{runtime.name}.npz", **logits)
    return found


def main() -> int:
    """Run as a process of its own."""
    try:
        print(json.dumps(prove(find_runtime(sys.argv[1]), Path(sys.argv[2]))))
    except DigitpadError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
