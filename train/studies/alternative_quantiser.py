"""The other quantiser, for comparison: `python -m train.studies.alternative_quantiser FOLDER`; needs ai-edge-quantizer.

Quantises models/digits_float.tflite with the same calibration images and writes it with a card to FOLDER, ready for
`digitpad compare`. docs/accuracy.md has the results.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from edge_app.datasets.mnist import VARIABLE, mnist_path, read_mnist
from edge_app.errors import DataError, DigitpadError
from edge_app.modelfiles.card import CARD, FLOAT, INT8, models_folder, read_card
from edge_app.storage.atomic_write import readable_json, write_atomically


def main() -> int:
    """Run the command."""
    if len(sys.argv) != 2:
        print("usage: python -m train.studies.alternative_quantiser FOLDER", file=sys.stderr)
        return 2
    try:
        _write(Path(sys.argv[1]))
    except DigitpadError as error:
        print(f"train.studies.alternative_quantiser: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _write(folder: Path) -> None:
    path = mnist_path(None)
    if path is None:
        raise DataError(f"no MNIST. Set {VARIABLE} to the path of mnist.npz")
    card = read_card(models_folder() / CARD)
    images = read_mnist(path).x_train[card["calibration"]["indices"]]
    content = _quantise(models_folder() / FLOAT, images)
    folder.mkdir(parents=True, exist_ok=True)
    card["files"] = {INT8: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}}
    write_atomically(folder / INT8, content)
    write_atomically(folder / CARD, readable_json(card))
    print(json.dumps(card["files"]))


def _quantise(model: Path, images: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> bytes:
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer, recipe

    ((key, signature),) = Interpreter(str(model)).get_signature_list().items()
    name = signature["inputs"][0]
    tool = quantizer.Quantizer(str(model))
    tool.load_quantization_recipe(recipe.static_wi8_ai8())
    scaled = images[:, None, :, :, None].astype(np.float32) / 255
    return bytes(tool.quantize(tool.calibrate({key: [{name: image} for image in scaled]})).quantized_model)


if __name__ == "__main__":
    sys.exit(main())
