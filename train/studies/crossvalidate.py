"""`python -m train.studies.crossvalidate`: accuracy of one network per fold, on writers it was not trained on.

Reads converted models, one folder each, as `python -m convert --output` writes them. Needs no TensorFlow.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge_app.datasets.labelled import LabelledInk, is_held_out, read_labelled, read_labelled_ink
from edge_app.errors import DigitpadError
from edge_app.evaluation.evaluate import Outcome, draw_mistakes, figures, is_number, read_sample
from edge_app.modelfiles.card import INT8, load_model
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.atomic_write import readable_json, write_atomically

from ..inkdata import UNLIKE_DIGITS

FOLDS = range(5)
REFUSED = 0.01  # of the digits of the first file, which sets the threshold


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `python -m train.studies.crossvalidate`."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m train.studies.crossvalidate",
        description="Evaluate runs/fold-0 to fold-4, each on the writers that its training held out, and pool the "
        "figures; then more networks one by one.",
    )
    parser.add_argument("ink", type=Path, nargs="+", metavar="FILE", help="labelled ink, pen digits first")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER", help="default: runs")
    parser.add_argument("--mnist", type=Path, required=True, metavar="FILE", help="mnist.npz")
    parser.add_argument("--seeds", nargs="*", default=[], metavar="NAME", help="networks of fold 0 that differ in seed")
    parser.add_argument("--others", nargs="*", default=[], metavar="NAME", help="more networks that held out fold 0")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="write the figures to this file")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write a picture of the mistakes (.png)")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    args = make_parser().parse_args(argv)
    try:
        report = evaluate(args)
        write_atomically(args.json, readable_json(report))
    except DigitpadError as error:
        print(f"crossvalidate: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def evaluate(args: argparse.Namespace) -> dict[str, Any]:
    """Return the pooled figures of the folds, and those of seeds and other networks on fold 0."""
    sets = {path.name: list(read_labelled_ink(path)) for path in args.ink}
    mnist = list(read_labelled(args.mnist))
    pooled: dict[str, list[Outcome]] = {name: [] for name in sets}
    images = []
    first: dict[str, Any] = {}
    for fold in FOLDS:
        recognizer = Recognizer(classifier=Classifier(load_model(args.runs / f"fold-{fold}" / INT8)))
        own = {name: _read_held_out(recognizer, samples, fold) for name, samples in sets.items()}
        for name, outcomes in own.items():
            pooled[name] += outcomes
        images.append(_share([read_sample(recognizer, sample) for sample in mnist]))
        first = first or {"mnist": images[0], **_shares(own), "refusal": refusal(own)}
        print(f"fold {fold}: MNIST {images[-1]:.2%}", *(f"{n} {s:.2%}" for n, s in _shares(own).items()), flush=True)
    if args.picture:
        numbers = [outcome for outcomes in pooled.values() for outcome in outcomes if is_number(outcome)]
        draw_mistakes([outcome for outcome in numbers if outcome.text != outcome.sample.label]).save(args.picture)
    report: dict[str, Any] = {
        "folds": {name: figures(outcomes) for name, outcomes in pooled.items() if outcomes},
        "refusal": refusal(pooled),
        "mnist": _spread(images),
    }
    networks = {name: _on_first_fold(args.runs, name, sets, mnist) for name in [*args.seeds, *args.others]}
    if args.seeds:
        names = [key for key, value in first.items() if isinstance(value, float)]
        of_seeds = [first, *(networks[name] for name in args.seeds)]
        report["seeds"] = {key: _spread([own[key] for own in of_seeds]) for key in names}
    report["first_fold"] = {"fold-0": first, **networks}
    return report


def _on_first_fold(runs: Path, name: str, sets: dict[str, list[LabelledInk]], mnist: Sequence[Any]) -> dict[str, Any]:
    recognizer = Recognizer(classifier=Classifier(load_model(runs / name / INT8)))
    own = {file: _read_held_out(recognizer, samples, 0) for file, samples in sets.items()}
    result = {
        "mnist": _share([read_sample(recognizer, sample) for sample in mnist]),
        **_shares(own),
        "refusal": refusal(own),
    }
    print(f"{name}: " + ", ".join(f"{key} {value:.2%}" for key, value in result.items() if isinstance(value, float)))
    return result


def _read_held_out(recognizer: Recognizer, samples: Sequence[LabelledInk], fold: int) -> list[Outcome]:
    return [read_sample(recognizer, s) for s in samples if is_held_out(s.writer, fold)]


def _share(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.text == outcome.sample.label for outcome in outcomes) / len(outcomes)


def _shares(sets: dict[str, list[Outcome]]) -> dict[str, float]:
    numbers = {name: [o for o in outcomes if is_number(o)] for name, outcomes in sets.items()}
    return {name: _share(outcomes) for name, outcomes in numbers.items() if outcomes}


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {"mean": statistics.mean(values), "deviation": statistics.stdev(values), "values": list(values)}


def refusal(sets: dict[str, list[Outcome]]) -> dict[str, Any]:
    """Return how many letters are rejected by the threshold that rejects REFUSED of the digits."""
    digits = next(iter(sets.values()))
    letters = [o for outcomes in sets.values() for o in outcomes if o.sample.label in UNLIKE_DIGITS]
    threshold = float(np.quantile([outcome.confidence for outcome in digits], REFUSED))
    refused = sum(outcome.confidence < threshold for outcome in letters)
    return {
        "threshold": threshold,
        "digits_refused": sum(outcome.confidence < threshold for outcome in digits) / max(len(digits), 1),
        "n": len(letters),
        "refused": refused,
        "share": refused / max(len(letters), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
