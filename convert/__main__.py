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
from numpy.typing import NDArray

from edge_app.datasets.mnist import SHA256, Mnist
from edge_app.errors import DataError, DigitpadError, ModelError
from edge_app.evaluation.compare.data import Batches
from edge_app.modelfiles.card import CARD, FLOAT, INT8, NEXT_CARD, models_folder, read_card
from edge_app.modelfiles.selftest import CONVENTIONS, choose_convention, known_digits, make_expected
from edge_app.recognition.interpreter import MODULES
from edge_app.recognition.model import REJECT
from edge_app.storage.atomic_write import readable_json, write_atomically
from train.mnist import load_mnist

from .calibration import choose_representative
from .variants import ALL, ALWAYS

JUDGED = 5000  # images: the last of MNIST's training part, which no calibration uses
TRIED = 2000  # of those, to find out what the network takes
FLOOR = 0.8  # a network that reads less is not what this program takes it for
NEAR = 0.01  # conventions that read this much less than the best may still be the one
NOTHING = "Nothing was written"
TIE = 2  # units of the int8 output: classes this close are a tie

Labelled = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Images (n, 28, 28) and labels (n,), both uint8."""


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `python -m convert`."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m convert",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Convert a Keras network to float and full-int8 TFLite, calibrated on MNIST training images.\n"
        "What it takes for its input (0 to 1, 0 to 255, black on white, ...) is found by trying. The files\n"
        "are run by every edge runtime that is installed, and nothing is written if they read badly.",
        epilog="examples:\n  python -m convert mine.h5 --mnist mnist.npz\n"
        "  python -m convert mine.keras --output mine --data labelled.jsonl --max-drop 0.5\n"
        "  python -m convert models/digits.keras --output models --all",
    )
    add = parser.add_argument
    model = ".keras, .h5 or a SavedModel folder (models/digits.keras)"
    add("model", type=Path, nargs="?", default=Path("models/digits.keras"), help=model)
    add("--output", type=Path, metavar="FOLDER", help="default: the folder of the network, except models/")
    add("--all", action="store_true", help="write float16 and dynamic-range files as well")
    add("--data", type=Path, nargs="+", default=[], metavar="PATH", help="labelled digits to judge the files by")
    add("--max-drop", type=float, default=1.0, metavar="POINTS", help="accuracy that int8 may lose against float (1)")
    add("--anyway", action="store_true", help="write files that read badly, too")
    add("--output-name", metavar="NAME", help="the output to convert, of a network with several")
    add("--allow-float", action="store_true", help="keep operators without int8 in float32")
    unseen = "labelled digits that no training saw, to find the temperature and the rejection threshold with"
    add("--temperature-from", type=Path, nargs="+", default=[], metavar="PATH", help=unseen)
    add("--reject-below", type=float, metavar="P", help="confidence below which to reject, instead of the one found")
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
    if not 0 <= args.max_drop <= 100:
        parser.error("--max-drop must be from 0 to 100 points")
    if args.reject_below is not None and not 0 <= args.reject_below < 1:
        parser.error("--reject-below must be from 0 to 1, 1 excluded")
    try:
        _convert(args)
    except DigitpadError as error:
        print(f"convert: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _convert(args: argparse.Namespace) -> None:
    from . import keras_file, tflite

    output = _output_folder(args)
    network = keras_file.load_network(args.model, args.output_name)
    mnist = load_mnist(args.mnist)
    chosen = choose_representative(mnist.y_train, args.per_class, args.seed)
    name, judged = _judged(args.data, mnist, chosen)
    convention = _find_convention(network, judged)
    print(f"converting {args.model}, which takes {convention} ...", flush=True)
    inputs = keras_file.as_inputs(network, mnist.x_train[chosen], CONVENTIONS[convention])
    names = ALL if args.all else ALWAYS
    fixed = keras_file.with_fixed_batch(keras_file.with_features(network))
    files = tflite.make_files(names, fixed, inputs, allow_float=args.allow_float)
    card = _make_card(args, network, convention, files, chosen)
    _verify(files, card, mnist, name, judged, args)
    _replace(files, card, output)
    _report(files, card, output)


def _output_folder(args: argparse.Namespace) -> Path:
    """Return where to write; never over the models that digitpad ships or another network's unless that was named."""
    if args.output:
        return Path(args.output)
    folder: Path = args.model.resolve().parent
    if folder == models_folder().resolve():
        raise ModelError("--output models replaces the models that digitpad uses; name another folder to keep them")
    if (folder / CARD).exists():
        other = read_card(folder / CARD).get("keras", {}).get("file")
        if other != args.model.name:
            raise ModelError(f"{folder / CARD} belongs to {other or 'another model'}. Give --output FOLDER")
    return folder


def _judged(data: list[Path], mnist: Mnist, chosen: NDArray[np.intp]) -> tuple[str, Labelled]:
    """Return the digits to judge a network by, with their name: labelled data, or the end of MNIST's training part."""
    if not data:
        unseen = np.setdiff1d(np.arange(len(mnist.x_train)), chosen)[-JUDGED:]
        return "MNIST's validation part", (mnist.x_train[unseen], mnist.y_train[unseen])
    return ", ".join(path.name for path in data), _read(data)


def _read(data: list[Path]) -> Labelled:
    images, labels = zip(*(batch for path in data for batch in Batches(path)), strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _find_convention(network: Any, judged: Labelled) -> str:
    """Return the convention of a network's input: of those with which it reads about best, the likeliest."""
    from .keras_file import log_probabilities

    images, labels = (part[:: max(1, len(judged[1]) // TRIED)] for part in judged)
    logs = {name: log_probabilities(network, images, ends) for name, ends in CONVENTIONS.items()}
    return choose_convention(logs, labels.astype(np.intp), NEAR)


def _make_card(
    args: argparse.Namespace, network: Any, convention: str, files: dict[str, bytes], chosen: Any
) -> dict[str, Any]:
    """Return the card of `files` without the results of verification."""
    from .keras_file import with_features

    outputs = with_features(network).output
    training = _training_record(args.model.with_suffix(".train.json"))
    paper, ink = CONVENTIONS[convention]
    return {
        "classes": ([*map(str, range(10)), REJECT])[: outputs["logits"].shape[1]],
        "outputs": {name: own.shape[1] for name, own in outputs.items()},
        **_confidence(args, network, convention, training),
        "input": {"convention": convention, "paper": paper, "ink": ink},
        "files": {name: {"sha256": _digest(content), "bytes": len(content)} for name, content in files.items()},
        "accuracy": {},
        "keras": {"file": args.model.name, "sha256": _digest_of(args.model)},
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


def _digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of a SavedModel's graph."""
    return _digest((path / "saved_model.pb" if path.is_dir() else path).read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _confidence(args: argparse.Namespace, network: Any, convention: str, training: dict[str, Any]) -> dict[str, Any]:
    """Return temperature and threshold, of the training or of digits it never saw; neutral for a foreign network."""
    found = training
    if args.temperature_from:
        from train.fit import calibrate

        from .keras_file import log_probabilities

        images, labels = _read(args.temperature_from)
        logits = log_probabilities(network, images, CONVENTIONS[convention])
        found = {**calibrate(logits, labels), "temperature_from": [path.name for path in args.temperature_from]}
    elif "temperature" not in training and training.get("arch") == "edge":
        raise ModelError("trained on all writers, so no temperature was found. Give --temperature-from PATH")
    neutral = {"temperature": 1.0, "refuse_below": 0.5}
    own = {} if args.reject_below is None else {"refuse_below": args.reject_below}
    names = ("temperature", "refuse_below", "temperature_from")
    return neutral | {name: found[name] for name in names if name in found} | own


def _training_record(path: Path) -> dict[str, Any]:
    """Return the record that training wrote beside a network; empty for a foreign network."""
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text())
    except ValueError as error:
        raise ModelError(f"{path}: damaged training record ({error}). Run: python -m train") from None
    return dict(record)


def _verify(
    files: dict[str, bytes], card: dict[str, Any], mnist: Mnist, name: str, judged: Labelled, args: argparse.Namespace
) -> None:
    """Run the files with every runtime and add the results to the card; raises ModelError for files that read badly.

    A runtime that cannot run a file is named in the card and the report; one that can is enough.
    """
    runtimes = [runtime for runtime in MODULES if _is_installed(runtime)]
    if not runtimes:
        raise ModelError(f"no edge runtime to verify the files with. Run: pip install {' or '.join(MODULES)}")
    known, count = known_digits(), len(judged[1])
    options = ["--allow-float"] if args.allow_float else []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        (folder / CARD).write_text(json.dumps(card))
        np.save(folder / "images.npy", np.concatenate([judged[0], known, mnist.x_test]))
        results = {runtime: _run_verification(runtime, folder, options) for runtime in runtimes}
        works = [runtime for runtime, found in results.items() if "error" not in found]
        if not works:
            raise ModelError("; ".join(f"{own}: {found['error']}" for own, found in results.items()) + f". {NOTHING}")
        logits = [dict(np.load(folder / f"{runtime}.npz")) for runtime in works]
        card["runtimes"] = list(results.values())
        card["agreement"] = _agreement(*(own[INT8][:count] for own in logits[:2]), results[works[0]][INT8])
        card["self_test"] = make_expected(known, logits[0][INT8][count : count + len(known)])
        right = {file: float((own[:count].argmax(axis=1) == judged[1]).mean()) for file, own in logits[0].items()}
        _judge(right, f"{count:,} images of {name}", results[works[0]][INT8]["problem"], args)
        tested = {  # only to report: nothing is chosen by it
            file: float((own[-len(mnist.y_test) :].argmax(axis=1) == mnist.y_test).mean())
            for file, own in logits[0].items()
        }
        card["accuracy"] = {"data": "MNIST test part", "n": len(mnist.y_test), "runtime": works[0], **tested}


def _judge(right: dict[str, float], where: str, problem: str, args: argparse.Namespace) -> None:
    """Print how float and int8 read; raises ModelError if that is too little, unless it is wanted anyway."""
    print(f"{where}: float {right[FLOAT]:.2%}, int8 {right[INT8]:.2%}", flush=True)
    drop = 100 * (right[FLOAT] - right[INT8])
    if right[FLOAT] < FLOOR:
        problem = f"the network reads {right[FLOAT]:.2%} of {where} with the best convention, expected {FLOOR:.0%}"
    elif drop > args.max_drop:
        problem = f"int8 lost {drop:.2f} points of accuracy, more than --max-drop {args.max_drop:g}"
    elif problem:
        problem = f"the app would not open {INT8}: {problem}"
    if problem and args.anyway:
        print(f"written all the same: {problem}")
    elif problem:
        raise ModelError(f"{args.model}: {problem}. {NOTHING}; to write it all the same, give --anyway")


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
    for found in card["runtimes"]:
        print(f"{found['runtime']}: {found.get('error') or 'runs the files'}")
    first = next(found for found in card["runtimes"] if "error" not in found)
    for file, content in files.items():
        kind, right = first[file]["type"], card["accuracy"][file]
        print(f"{output / file}: {kind}, {len(content):,} bytes, {right:.2%} of MNIST's test images")
    if agreement := card["agreement"]:
        print(f"both runtimes: {agreement['different_answers']} of {agreement['images']:,} images read differently")
    for file in ALL:
        if file not in files and (output / file).exists():
            print(f"{output / file}: from an earlier conversion, no longer named in {CARD}. To renew it, use --all")


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _run_verification(runtime: str, folder: Path, options: list[str]) -> dict[str, Any]:
    """Return the results of a runtime, or its name and the `error` that it met."""
    command = [sys.executable, "-m", "convert.verify", runtime, str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"runtime": runtime, "error": _failure(done)}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _failure(done: "subprocess.CompletedProcess[str]") -> str:
    """Return why verification failed: its last line or, after a crash, the model it was at."""
    lines = done.stderr.strip().splitlines()
    if done.returncode == 1 and lines:
        return lines[-1]
    # after a crash the last line is the runtime's, about something else
    at = (done.stdout.strip().splitlines() or ["the start"])[-1]
    return f"crashed at {at} (exit status {done.returncode})"


def _agreement(one: NDArray[np.float32], *others: Any) -> dict[str, Any]:
    """Return how far two runtimes agree on the int8 model, by its logits; empty for one runtime alone."""
    *rest, found = others
    if not rest:
        return {}
    [two], step = rest, found["output_step"]
    units = np.rint(np.abs(one - two) / step)
    # how far the answer of one is below the best of the other, in units of the output: a tie is no difference
    below = (two.max(axis=1) - two[np.arange(len(two)), one.argmax(axis=1)]) / step
    different = int((below > TIE).sum())
    return {
        "images": len(one),
        "different_answers": different,
        "different_in_ties": int((one.argmax(axis=1) != two.argmax(axis=1)).sum()) - different,
        "different_logits": round(float((units > 0).mean()), 5),
        "largest_units": int(units.max()),
    }


if __name__ == "__main__":
    sys.exit(main())
