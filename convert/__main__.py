"""`python -m convert`: a Keras network to digits_float.tflite, digits_int8.tflite and their card digits.json.

With `--all`, digits_float16.tflite and digits_dynamic.tflite as well.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import numpy as np

from edge_app.datasets.mnist import SHA256, Mnist
from edge_app.errors import DataError, DigitpadError, ModelError
from edge_app.modelfiles.card import CARD, INT8, NEXT_CARD
from edge_app.modelfiles.selftest import known_digits, make_expected
from edge_app.recognition.interpreter import MODULES
from edge_app.recognition.model import REJECT
from edge_app.storage.atomic_write import readable_json, write_atomically
from train.mnist import load_mnist

from .calibration import choose_representative
from .variants import ALL, ALWAYS

VERIFICATION_IMAGES = 1000
TIE = 2  # units of the int8 output: classes this close are a tie


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `python -m convert`."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m convert",
        description="Convert a Keras network to float and full-int8 TFLite, calibrated on MNIST training images, and "
        "verify the files with every edge runtime that is installed. Nothing is replaced if a check fails.",
        epilog="example: python -m convert models/digits.keras --all --mnist mnist.npz",
    )
    add = parser.add_argument
    add("model", type=Path, nargs="?", default=Path("models/digits.keras"), help=".keras or .h5 (models/digits.keras)")
    add("--output", type=Path, default=Path("models"), metavar="FOLDER", help="default: models")
    add("--all", action="store_true", help="write float16 and dynamic-range files as well")
    twin = "for a network trained with --all-writers: the .train.json of the same training with writers held out"
    add("--temperature-from", type=Path, metavar="FILE", help=twin)
    add("--mnist", type=Path, metavar="FILE", help="local mnist.npz; default: the variable DIGITPAD_MNIST")
    add("--per-class", type=int, default=50, metavar="N", help="calibration images per digit (50)")
    add("--seed", type=int, default=1, help="seed for choosing the calibration images (1)")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns 1 if nothing was written."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if not 1 <= args.per_class <= 1000:
        parser.error("--per-class must be from 1 to 1000")
    try:
        _convert(args)
    except DigitpadError as error:
        print(f"convert: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _convert(args: argparse.Namespace) -> None:
    from . import tflite

    mnist = load_mnist(args.mnist)
    network = tflite.load_network(args.model)
    chosen = choose_representative(mnist.y_train, args.per_class, args.seed)
    print(f"converting {args.model} ...", flush=True)
    names = ALL if args.all else ALWAYS
    files = {name: tflite.MAKERS[name](network, mnist.x_train[chosen]) for name in names}
    card = _make_card(args, network.output_shape[1], files, chosen)
    _verify(files, card, mnist, chosen)
    _replace(files, card, args.output)
    _report(files, card, args.output)


def _make_card(args: argparse.Namespace, classes: int, files: dict[str, bytes], chosen: Any) -> dict[str, Any]:
    """Return the card of `files` without the results of verification."""
    training = _training_record(args.model.with_suffix(".train.json"))
    return {
        "classes": ([*map(str, range(10)), REJECT])[:classes],
        **_confidence(training, args.temperature_from),
        "files": {name: {"sha256": _digest(content), "bytes": len(content)} for name, content in files.items()},
        "accuracy": {},
        "keras": {"file": args.model.name, "sha256": _digest(args.model.read_bytes())},
        "training": training,
        "calibration": {
            "data": "MNIST training part",
            "sha256": SHA256["x_train"],
            "seed": args.seed,
            "indices": chosen.tolist(),
        },
        "quantiser": {
            "used": "TensorFlow's converter, full int8, per channel",
            "why": "the same accuracy as ai-edge-quantizer, and loads in tflite-runtime 2.14: docs/accuracy.md",
        },
        "versions": {name: importlib.metadata.version(name) for name in ("tensorflow", "keras", "numpy")}
        | {"python": platform.python_version()},
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _confidence(training: dict[str, Any], twin: Path | None) -> dict[str, float]:
    """Return temperature and threshold of the training or its twin; neutral ones for a foreign network."""
    if twin and not twin.is_file():
        raise ModelError(f"{twin}: not found. Expected the .train.json of a training with --fold")
    found = _training_record(twin) if twin else training
    if "temperature" not in found and (training.get("arch") == "edge" or twin):
        raise ModelError("trained on all writers, so no temperature was found. Give --temperature-from FILE")
    return {"temperature": found.get("temperature", 1.0), "refuse_below": found.get("refuse_below", 0.5)}


def _training_record(path: Path) -> dict[str, Any]:
    """Return the record that training wrote beside a network; empty for a foreign network."""
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text())
    except ValueError as error:
        raise ModelError(f"{path}: damaged training record ({error}). Run: python -m train") from None
    return dict(record)


def _verify(files: dict[str, bytes], card: dict[str, Any], mnist: Mnist, chosen: Any) -> None:
    """Verify the files in a temporary folder and add the results to the card; raises ModelError."""
    runtimes = [runtime for runtime in MODULES if _is_installed(runtime)]
    if not runtimes:
        raise ModelError(f"no edge runtime to verify the files with. Run: pip install {' or '.join(MODULES)}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        (folder / CARD).write_text(json.dumps(card))
        unseen = np.setdiff1d(np.arange(len(mnist.x_train)), chosen)[-VERIFICATION_IMAGES:]
        np.save(folder / "images.npy", mnist.x_train[unseen])
        card["runtimes"] = [_run_verification(runtime, folder) for runtime in runtimes]
        card["agreement"] = _agreement(runtimes, folder)
        card["self_test"] = _self_test(runtimes[0], folder)
        card["accuracy"] = _accuracy(runtimes[0], folder, mnist)


def _self_test(runtime: str, folder: Path) -> dict[str, Any]:
    """Return reference digits with the logits of the int8 model, for the self-test at start-up."""
    images = known_digits()
    np.save(folder / "images.npy", images)
    _run_verification(runtime, folder)
    with np.load(folder / f"{runtime}.npz") as logits:
        return make_expected(images, logits[INT8])


def _accuracy(runtime: str, folder: Path, mnist: Mnist) -> dict[str, Any]:
    """Return the accuracy of every file in `folder` on MNIST's test part."""
    np.save(folder / "images.npy", mnist.x_test)  # only to report: nothing is chosen by it
    _run_verification(runtime, folder)
    with np.load(folder / f"{runtime}.npz") as logits:
        right = {file: float((logits[file].argmax(axis=1) == mnist.y_test).mean()) for file in logits}
    return {"data": "MNIST test part", "n": len(mnist.y_test), "runtime": runtime, **right}


def _replace(files: dict[str, bytes], card: dict[str, Any], output: Path) -> None:
    """Move files and card into place so that at any moment each file matches the old card or the next one.

    If interrupted, the next card stays beside the old one, and `load_model` reads both.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        write_atomically(output / NEXT_CARD, readable_json(card))
        for file, content in files.items():
            write_atomically(output / file, content)
        move(output / NEXT_CARD, output / CARD)
    except OSError as error:
        raise DataError(f"{output}: cannot be written ({error.strerror})") from None


def move(file: Path, place: Path) -> None:
    """Replace a file by another, atomically."""
    file.replace(place)


def _report(files: dict[str, bytes], card: dict[str, Any], output: Path) -> None:
    for file, content in files.items():
        print(f"{output / file}: {len(content):,} bytes, {card['accuracy'][file]:.2%} of MNIST's test images")
    runtimes = [found["runtime"] for found in card["runtimes"]]
    print(f"verified with {' and '.join(runtimes)}; agreement: {card['agreement'] or 'one runtime only'}")
    for file in ALL:
        if file not in files and (output / file).exists():
            print(f"{output / file}: from an earlier conversion, no longer named in {CARD}. To renew it, use --all")


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _run_verification(runtime: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "convert.verify", runtime, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ModelError(f"{runtime}: {_failure(done)}. Nothing was replaced")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _failure(done: "subprocess.CompletedProcess[str]") -> str:
    """Return why verification failed: its last line or, after a crash, the model it was at."""
    lines = done.stderr.strip().splitlines()
    if done.returncode == 1 and lines:
        return lines[-1]
    # after a crash the last line is the runtime's, about something else
    at = (done.stdout.strip().splitlines() or ["the start"])[-1]
    return f"crashed at {at} (exit status {done.returncode})"


def _agreement(runtimes: list[str], folder: Path) -> dict[str, Any]:
    """Return how far two runtimes agree on the int8 model; raises ModelError if their answers differ."""
    if len(runtimes) < 2:
        return {}
    one, two = (np.load(folder / f"{runtime}.npz")[INT8] for runtime in runtimes[:2])
    step = np.diff(np.unique(np.concatenate([one.ravel(), two.ravel()]))).min()
    units = np.rint(np.abs(one - two) / step)
    # how far the answer of one is below the best of the other, in units of the output: a tie is no difference
    below = (two.max(axis=1) - two[np.arange(len(two)), one.argmax(axis=1)]) / step
    different = int((below > TIE).sum())
    if different:
        raise ModelError(
            f"{INT8}: {' and '.join(runtimes)} read {different} of {len(one)} images differently. Nothing was replaced"
        )
    return {
        "images": len(one),
        "different_answers": different,
        "different_in_ties": int((one.argmax(axis=1) != two.argmax(axis=1)).sum()) - different,
        "different_logits": round(float((units > 0).mean()), 5),
        "largest_units": int(units.max()),
    }


if __name__ == "__main__":
    sys.exit(main())
