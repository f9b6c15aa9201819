"""`python -m tools.reference`: both runtimes against the reference on MNIST images; needs the full environment."""

import argparse
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.mnist import VARIABLE, read_mnist
from edge_app.errors import DigitpadError
from edge_app.modelfiles.card import INT8, load_model
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.interpreter import MODULES, Runtime, find_runtime
from edge_app.recognition.model import Model
from edge_app.storage.atomic_write import readable_json, write_atomically

from .compare import answers_that_differ, compare_operators, difference, outputs_of, seen_by
from .network import ROUNDINGS, Network

ROOT = Path(__file__).parent.parent.parent
FIGURES = ROOT / "docs" / "figures" / "reference.json"
IMAGES = 1000
FURTHER_IMAGES = 200  # of the networks that are not shipped
CALIBRATION = 200


def main(argv: list[str] | None = None) -> int:
    """Compare, and write docs/figures/reference.json; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", allow_abbrev=False, description=__doc__)
    parser.add_argument("--mnist", type=Path, default=os.environ.get(VARIABLE), help=f"mnist.npz; default: ${VARIABLE}")
    args = parser.parse_args(argv)
    if args.mnist is None:
        parser.error(f"needs mnist.npz: --mnist FILE, or set {VARIABLE}")
    try:
        runtimes = [find_runtime(name) for name in MODULES]  # before TensorFlow, which the second network needs
        mnist = read_mnist(args.mnist)
        models = {INT8: load_model().content, **_further(mnist.x_train[:CALIBRATION])}
    except DigitpadError as error:
        print(f"reference: {error}", file=sys.stderr)
        return 1
    report = {
        "runtimes": [{"name": runtime.name, "version": runtime.version} for runtime in runtimes],
        "models": {
            name: about(content, runtimes, mnist.x_test[: IMAGES if name == INT8 else FURTHER_IMAGES])
            for name, content in models.items()
        },
    }
    write_atomically(FIGURES, readable_json(report))
    print(f"{FIGURES}: written", file=sys.stderr)
    return 0


def _further(images: NDArray[np.uint8]) -> dict[str, bytes]:
    """Return further int8 files: the tutorial's network, and one with every operator of the reference."""
    from convert.tflite import load_network, quantise

    from .trial import every_operator

    classic = load_network(ROOT / "models" / "classic.keras")
    return {"classic": quantise(classic, images), "every operator": quantise(every_operator(), images)}


def about(content: bytes, runtimes: list[Runtime], images: NDArray[np.uint8]) -> dict[str, Any]:
    """Return a model's figures for each rounding and each runtime."""
    classes = tuple(str(number) for number in range(Network(content).output.shape[1]))
    model = Model(Path("model.tflite"), content, hashlib.sha256(content).hexdigest(), classes)
    classifiers = [Classifier(model, runtime) for runtime in runtimes]
    network = Network(content)
    seen = [seen_by(classifier, network, images) for classifier in classifiers]
    outputs = [outputs_of(classifier, images) for classifier in classifiers]
    found: dict[str, Any] = {}
    for rounding in ROUNDINGS:
        network = Network(content, rounding)
        own = network.run(images)
        last = own[network.output.index]
        found[rounding] = {
            classifier.runtime.name: {
                "operators": compare_operators(network, traced, own),
                "outputs": {**difference(last, answers), "answers": answers_that_differ(last, answers)},
            }
            for classifier, traced, answers in zip(classifiers, seen, outputs, strict=True)
        }
    return {"sha256": model.sha256, "bytes": len(content), "images": len(images), "roundings": found}


if __name__ == "__main__":
    raise SystemExit(main())
