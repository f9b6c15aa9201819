"""`python -m tools.arm.outputs IMAGES.npy FOUND.npz RUNTIME...`: the int8 network's outputs, bit by bit."""

import json
import platform
import sys
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.allographs import reference_digits
from edge_app.modelfiles.card import load_model
from edge_app.recognition.classifier import Classifier, find_outputs
from edge_app.recognition.interpreter import Runtime, find_runtime

DRAWN = "drawn"  # beside the runtimes' names: digit images made of ink here
PACKAGES = {"tflite-runtime", "ai-edge-litert", "numpy", "pillow", "pygame-ce"}


def outputs(runtime: Runtime, images: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the network's int8 logits as they leave the interpreter: (n, 28, 28) uint8 to (n, classes)."""
    model = load_model()
    classifier, interpreter = Classifier(model, runtime), runtime.open(model.content)
    index = find_outputs(interpreter)[0]["index"]
    found = []
    for image in images:
        classifier.feed(interpreter, image)
        found.append(interpreter.get_tensor(index)[0])
    return np.stack(found)


def versions() -> dict[str, Any]:
    """Return the machine, and the versions of its C library, Python and packages."""
    packages = {one.metadata["Name"].lower(): one.version for one in metadata.distributions()}
    return {
        "machine": platform.machine(),
        "libc": platform.libc_ver()[1],
        "python": platform.python_version(),
        **{name: version for name, version in packages.items() if name in PACKAGES},
    }


if __name__ == "__main__":
    arrays = {name: outputs(find_runtime(name), np.load(sys.argv[1])) for name in sys.argv[3:]}
    np.savez(sys.argv[2], **{DRAWN: reference_digits()[0], **arrays})
    print(json.dumps(versions()))
