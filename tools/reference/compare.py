"""What a runtime puts out, operator by operator, beside what the reference computes from the same inputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.recognition.classifier import Classifier

from .network import Network, compute

Values = dict[int, NDArray[np.int8]]


def compare_operators(network: Network, seen: Values, own: Values) -> list[dict[str, Any]]:
    """Return for each operator in how many of its outputs the reference and the runtime differ, and by how much.

    `seen` are the runtime's tensors and `own` the reference's, which stand in where an operator is `overwritten`: the
    runtime put a later one's output in the same place, so that nobody can see it.
    """
    found = []
    for step in network.steps:
        if step.output.index not in seen:
            found.append({"operator": step.name, "overwritten": True})
            continue
        expected = compute(step, {**own, **seen})
        found.append({"operator": step.name, **difference(expected, seen[step.output.index])})
    return found


def difference(expected: NDArray[np.int8], found: NDArray[np.int8]) -> dict[str, int]:
    """Return of how many values how many differ, and the largest difference."""
    units = np.abs(expected.astype(int) - found.reshape(expected.shape))
    return {"values": units.size, "differ": int(np.count_nonzero(units)), "largest": int(units.max(initial=0))}


def answers_that_differ(expected: NDArray[np.int8], found: NDArray[np.int8]) -> int:
    """Return for how many images the largest output is another one."""
    return int(np.count_nonzero(expected.argmax(axis=1) != found.argmax(axis=1)))


def seen_by(classifier: Classifier, network: Network, images: NDArray[np.uint8]) -> Values:
    """Return a runtime's input and every operator's output for digit images, without those that it overwrites."""
    interpreter = classifier.open_traced()
    kept = [network.input.index, *kept_outputs(network, interpreter)]
    rows: dict[int, list[NDArray[np.int8]]] = {index: [] for index in kept}
    for image in images:
        classifier.feed(interpreter, image)
        for index, row in rows.items():
            row.append(interpreter.get_tensor(index).copy())
    return {index: np.concatenate(row) for index, row in rows.items()}


def kept_outputs(network: Network, interpreter: Any) -> list[int]:
    """Return the outputs that no later operator writes over: tflite-runtime adds and multiplies in place.

    It does so even where it was told to preserve all tensors. A RESHAPE in place changes nothing.
    """
    outputs = [(step.output.index, step.name) for step in network.steps]
    places = [interpreter.tensor(index)().__array_interface__["data"][0] for index, _ in outputs]
    return [
        index
        for number, (index, _) in enumerate(outputs)
        if not any(
            places[later] == places[number] and outputs[later][1] != "RESHAPE"
            for later in range(number + 1, len(outputs))
        )
    ]


def outputs_of(classifier: Classifier, images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the outputs as the app gets them, with whatever the runtime does for speed."""
    interpreter = classifier.runtime.open(classifier.model.content)
    (output,) = interpreter.get_output_details()
    rows = []
    for image in images:
        classifier.feed(interpreter, image)
        rows.append(interpreter.get_tensor(output["index"])[0].copy())
    return np.stack(rows)
