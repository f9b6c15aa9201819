"""`python -m train`: trains a digit network on MNIST and, if given, real ink."""

import argparse
import hashlib
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is imported

import numpy as np

from edge_app.datasets.mnist import Mnist
from edge_app.errors import DigitpadError
from edge_app.storage.atomic_write import readable_json, write_atomically

from .mnist import load_mnist

if TYPE_CHECKING:
    from .fit import Outcome, Plan

EPOCHS = {"edge": 30, "wide": 30, "classic": 5}
OUTPUTS = {
    "edge": Path("models/digits.keras"),
    "wide": Path("runs/wide.keras"),
    "classic": Path("models/classic.keras"),
}


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `python -m train`."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m train",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train a digit network with Keras. Without options: the network that ships, on MNIST, which\n"
        "Keras downloads. Ctrl-C keeps the best epoch so far; --resume continues.",
        epilog="examples:\n  python -m train --arch classic\n"
        "  python -m train --mnist mnist.npz --ink pen.jsonl.gz letters.jsonl.gz --epochs 60",
    )
    add = parser.add_argument
    add(
        "--arch",
        choices=sorted(EPOCHS),
        default="edge",
        help="edge ships; wide is a teacher; classic is the tutorial's",
    )
    add("--mnist", type=Path, metavar="FILE", help="local mnist.npz; default: the variable DIGITPAD_MNIST")
    add("--ink", type=Path, nargs="+", default=[], metavar="FILE", help="labelled ink lines, .jsonl[.gz]")
    add("--fold", type=int, choices=range(5), default=0, help="the fifth of the writers to validate on (0)")
    add("--all-writers", action="store_true", help="hold nothing out: for the model that ships")
    add("--epochs", type=int, metavar="N", help="default: 30, 5 for classic")
    add("--seed", type=int, default=1, help="the same seed gives the same weights on this machine (1)")
    add(
        "--output",
        type=Path,
        metavar="FILE",
        help="where to save the best model; default: models/*.keras, runs/wide.keras",
    )
    add("--folder", type=Path, help="checkpoints and pictures; default: runs/ARCH")
    add("--init", type=Path, metavar="FILE", help=".keras file of the same --arch to start from")
    add("--average", type=Path, nargs="+", default=[], metavar="FILE", help="train nothing; average these .keras files")
    add(
        "--teachers",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help=".keras files, edge or wide, to distil from",
    )
    add("--bfloat16", action="store_true", help="compute in bfloat16: faster on processors that have it, with torch")
    add("--h5", action="store_true", help="save the model as .h5 too")
    add("--resume", action="store_true", help="continue an interrupted training")
    add("--show-data", action="store_true", help="write a sheet of sample digits first")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns 1 for bad data, 130 after Ctrl-C."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if args.epochs is not None and args.epochs < 1:
        parser.error("--epochs must be at least 1")
    if args.arch == "classic" and (args.ink or args.teachers or args.all_writers):
        parser.error("--arch classic is trained on MNIST only: --ink, --teachers and --all-writers are not allowed")
    try:
        mnist = load_mnist(args.mnist)
        return _train(args, mnist)
    except DigitpadError as error:
        print(f"train: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("train: stopped before the first epoch was complete; nothing was written", file=sys.stderr)
        return 130


def _train(args: argparse.Namespace, mnist: Mnist) -> int:
    from . import fit

    folder = args.folder or Path("runs") / args.arch
    if args.average:
        return _save_average(args, mnist, folder)
    plan = fit.Plan(
        args.arch,
        args.epochs or EPOCHS[args.arch],
        args.seed,
        folder,
        tuple(args.ink),
        None if args.all_writers else args.fold,
        args.resume,
        args.init,
        tuple(args.teachers),
        args.bfloat16,
    )
    if args.show_data:
        _show_data(plan, mnist)
    started = time.monotonic()
    outcome = fit.fit(plan, mnist)
    minutes = (time.monotonic() - started) / 60
    if outcome.interrupted:
        print(f"train: interrupted; the best epoch is in {folder / fit.BEST}. Continue with --resume", file=sys.stderr)
        return 130
    output = args.output or OUTPUTS[args.arch]
    _save(outcome.model, output, h5=args.h5)
    report = _evaluate(outcome.model, mnist, folder)
    _write_record(plan, outcome, report, minutes, output)
    print(f"saved {output}; history and pictures are in {folder}")
    return 0


def _save_average(args: argparse.Namespace, mnist: Mnist, folder: Path) -> int:
    from . import fit

    folder.mkdir(parents=True, exist_ok=True)
    model = fit.average(args.arch, args.average)
    output = args.output or OUTPUTS[args.arch]
    _save(model, output, h5=args.h5)
    last = args.average[-1].with_suffix(".train.json")
    record = {
        "arch": args.arch,
        "parameters": model.count_params(),
        "average": [_record_of(path) for path in args.average],
        "test": _evaluate(model, mnist, folder),
        "data": json.loads(last.read_text())["data"] if last.is_file() else [],
        **_versions(),
    }
    write_atomically(output.with_suffix(".train.json"), readable_json(record))
    print(f"saved {output}, the average of {len(args.average)} networks")
    return 0


def _record_of(path: Path) -> dict[str, Any]:
    """Return the checksum of a network and, if recorded beside it, how it was trained."""
    beside = path.with_suffix(".train.json")
    record = json.loads(beside.read_text()) if beside.is_file() else {}
    names = ("seed", "epochs", "minutes", "average", "teachers")
    known = {name: record[name] for name in names if name in record}
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), **known}


def _show_data(plan: "Plan", mnist: Mnist) -> None:
    from . import fit, plots

    rng = np.random.default_rng(plan.seed)
    path = plan.folder / "data.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    if plan.arch == "classic":
        at = rng.integers(len(mnist.x_train), size=96)
        plots.show_images(mnist.x_train[at], [str(label) for label in mnist.y_train[at]], path)
    else:
        plots.show_images(*fit.sheet(fit.make_pools(plan, mnist, rng)[0], rng), path)
    print(f"wrote {path}")


def _save(model: Any, output: Path, *, h5: bool) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    for path in [output, output.with_suffix(".h5")] if h5 else [output]:
        beside = path.with_name(f".new-{path.name}")  # Keras chooses the format by the suffix
        model.save(beside)
        beside.replace(path)


def _evaluate(model: Any, mnist: Mnist, folder: Path) -> dict[str, Any]:
    """Return figures for the test images; called once, after everything has been chosen."""
    from . import plots

    outputs = model.predict(mnist.x_test[..., None].astype(np.float32) / 255, batch_size=500, verbose=0)
    read = outputs.argmax(axis=1)
    names = [*map(str, range(10)), "?"][: outputs.shape[1]]
    matrix = np.zeros((10, len(names)), np.int64)
    np.add.at(matrix, (mnist.y_test, read), 1)
    right = np.diag(matrix)
    recall, precision = right / matrix.sum(axis=1), right / np.maximum(matrix[:, :10].sum(axis=0), 1)
    print("\nMNIST test images, float Keras model\ndigit    n  recall  precision")
    for digit in range(10):
        print(f"{digit:>5} {matrix[digit].sum():>4}  {recall[digit]:.4f}     {precision[digit]:.4f}")
    accuracy = float(right.sum() / matrix.sum())
    print(f"accuracy {accuracy:.2%} of {matrix.sum()}")
    plots.show_confusion(matrix, names, folder / "confusion.png")
    return {
        "n": int(matrix.sum()),
        "accuracy": accuracy,
        "recall": recall.tolist(),
        "confusion": matrix.tolist(),
    }


def _versions() -> dict[str, Any]:
    import keras

    versions = {"python": platform.python_version(), "keras": keras.__version__, "numpy": np.__version__}
    return {"versions": versions, "backend": keras.backend.backend()}


def _write_record(plan: "Plan", outcome: "Outcome", report: dict[str, Any], minutes: float, output: Path) -> None:
    from . import plots

    history = outcome.history
    watched = np.array(history[plan.watched])
    best = int(np.argmax(watched if plan.mode == "max" else -watched))
    record = {
        "arch": plan.arch,
        "parameters": outcome.model.count_params(),
        "seed": plan.seed,
        "epochs": len(history["loss"]),
        "best_epoch": best + 1,
        **({"validation_accuracy": history["val_accuracy"][best]} if "val_accuracy" in history else {}),
        "test": report,
        **({"init": _record_of(plan.init)} if plan.init else {}),
        **({"teachers": [_record_of(path) for path in plan.teachers]} if plan.teachers else {}),
        "data": outcome.data,
        **outcome.calibration,
        "minutes": round(minutes, 1),
        **_versions(),
        "precision": "bfloat16" if plan.bfloat16 else "float32",
    }
    plots.show_history(history, plan.folder / "history.png")
    write_atomically(plan.folder / "history.json", readable_json(history))
    write_atomically(output.with_suffix(".train.json"), readable_json(record))


if __name__ == "__main__":
    sys.exit(main())
