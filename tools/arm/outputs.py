"""`python -m tools.arm.outputs IMAGES.npy FOUND.npz RUNTIME...`: what the int8 network puts out, bit by bit."""

import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.allographs import reference_digits
from edge_app.modelfiles.card import load_model
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import Runtime, find_runtime
from edge_app.recognition.model import Model

DRAWN = "drawn"  # beside the runtimes' names: digit images made of ink here
PACKAGES = ("tflite-runtime", "ai-edge-litert", "numpy", "pillow", "pygame-ce")


def outputs(model: Model, runtime: Runtime, images: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the network's int8 outputs as they leave the interpreter: (n, 28, 28) uint8 to (n, classes)."""
    classifier, interpreter = Classifier(model, runtime), runtime.open(model.content)
    index = interpreter.get_output_details()[0]["index"]
    found = []
    for image in images:
        classifier.feed(interpreter, image)
        found.append(interpreter.get_tensor(index)[0])
    return np.stack(found)


def about() -> dict[str, Any]:
    """Return what ran: the machine, its C library, Python and the packages that are installed."""
    versions = {one.metadata["Name"].lower(): one.version for one in metadata.distributions()}
    return {
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        **{name: versions[name] for name in PACKAGES if name in versions},
    }


def main(images: str, found: str, *runtimes: str) -> None:
    """Write the outputs of each runtime, and the digit images drawn here; print what ran."""
    model = load_model()
    arrays = {name: outputs(model, find_runtime(name), np.load(images)) for name in runtimes}
    np.savez(Path(found), **{DRAWN: reference_digits()[0], **arrays})
    print(json.dumps(about()))


if __name__ == "__main__":
    main(*sys.argv[1:])
