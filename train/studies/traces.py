"""`python -m train.studies.traces`: what the pen's way tells a scribble from a digit beside the network.

Fits USUAL and WEIGHTS of edge_app/recognition/trace.py on people's digits, digits after allographs and the scribbles
of training, and measures on other digits, and on scribbles of other kinds, what is rejected with and without it.
Needs no TensorFlow.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.labelled import read_labelled_ink
from edge_app.errors import DigitpadError
from edge_app.recognition import trace
from edge_app.recognition.ink import Ink
from edge_app.recognition.recognizer import Recognizer
from edge_app.recognition.trace import trace_of
from edge_app.storage.atomic_write import readable_json, write_atomically

from ..synthetic import scribble, written_digit

SEED = 7
WRITTEN = 12_000  # digits after allographs, about as many as people's
SCRIBBLES = 4000
TESTED = 500  # scribbles of each kind
CERTAIN = 8.0  # log odds; the network's are no finer beyond
STEPS = 40  # of Newton's method; ten are enough


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `python -m train.studies.traces`."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m train.studies.traces",
        description="Fit what the pen's way tells a scribble from a digit, and measure what is rejected.",
    )
    parser.add_argument("ink", type=Path, nargs="+", metavar="FILE", help="labelled ink of single digits")
    parser.add_argument("--test", type=Path, required=True, metavar="FILE", help="digits of other people, to test on")
    parser.add_argument("--model", type=Path, metavar="FILE", help="default: the one that ships")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="write the figures to this file")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    args = make_parser().parse_args(argv)
    try:
        write_atomically(args.json, readable_json({"fitted": fit(args), "rejected": measure(args)}))
    except DigitpadError as error:
        print(f"traces: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def fit(args: argparse.Namespace) -> dict[str, Any]:
    """Return mean and standard deviation of each digit's traces, and the weight of a deviation in nats."""
    rng = np.random.default_rng(SEED)
    digits = [(sample.label, sample.ink) for path in args.ink for sample in read_labelled_ink(path)]
    written = [(label, written_digit(rng, label)) for label in map(str, rng.integers(0, 10, WRITTEN))]
    labels = np.array([label for label, _ in digits + written])
    traces = np.array([trace_of(ink) for _, ink in digits + written])
    usual = {
        name: (traces[labels == name].mean(axis=0), traces[labels == name].std(axis=0)) for name in map(str, range(10))
    }
    recognizer = Recognizer(args.model)
    people = _features(recognizer, [ink for _, ink in digits], usual)
    scribbles = _features(recognizer, [scribble(rng) for _ in range(SCRIBBLES)], usual)
    weights = _logistic(np.concatenate([people, scribbles]), np.repeat([1.0, 0.0], [len(people), len(scribbles)]))
    return {
        "usual": {name: np.round(both, 2).tolist() for name, both in usual.items()},
        "weights": np.round(-weights[1:3] / weights[0], 2).tolist(),
    }


def _features(recognizer: Recognizer, inks: Sequence[Ink], usual: dict[str, Any]) -> NDArray[np.float64]:
    """Return the network's log odds, how many deviations length and turning are beyond the mean, and 1."""
    rows = []
    with mock.patch.object(trace, "MOST", 0.0):
        for ink in inks:
            digit = recognizer.read(ink, single=True).digits[0]
            name = digit.alternatives[0][0] if digit.rejected else digit.digit
            odds = np.log(digit.confidence / max(1 - digit.confidence, 1e-9))
            mean, deviation = usual[name]
            beyond = np.maximum((np.array(trace_of(ink)) - mean) / deviation, -1)
            rows.append([np.clip(odds, -CERTAIN, CERTAIN), *beyond, 1.0])
    return np.array(rows)


def _logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of a logistic regression, with a unit Gaussian prior."""
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.eye(len(weights))
        weights += np.linalg.solve(curvature, x.T @ (y - p) - weights)
    return weights


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return the shares of digits read rightly and of scribbles rejected, with and without the traces."""
    recognizer = Recognizer(args.model)
    digits = list(read_labelled_ink(args.test))
    scribbles = {name: list(_scribbles(make)) for name, make in KINDS.items()}
    found = {}
    for name, most in (("with traces", trace.MOST), ("without", 0.0)):
        with mock.patch.object(trace, "MOST", most):
            right = [recognizer.read(sample.ink, single=True).text == sample.label for sample in digits]
            rejected = {
                kind: float(np.mean([recognizer.read(ink, single=True).digits[0].rejected for ink in inks]))
                for kind, inks in scribbles.items()
            }
        found[name] = {"digits right": float(np.mean(right)), "n": len(right), **rejected}
        print(name, found[name], flush=True)
    return found


def _scribbles(make: Callable[[np.random.Generator], NDArray[np.float64]]) -> Iterator[Ink]:
    rng = np.random.default_rng(SEED)
    for _ in range(TESTED):
        yield (make(rng),)


def _corners(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return straight lines between `count` random points."""
    corners, at = rng.uniform(0, 1, (count, 2)), np.linspace(0, count - 1, count * 10)
    return np.stack([np.interp(at, np.arange(count), corners[:, axis]) for axis in range(2)], axis=1)


def _waves(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a closed curve: a sum of four to seven waves."""
    t, waves = np.linspace(0, 1, 120)[:, None], np.arange(1, rng.integers(5, 9))
    amounts, phases = rng.normal(size=(2, len(waves))) / np.sqrt(waves), rng.uniform(0, 2 * np.pi, (2, len(waves)))
    return np.stack([(np.sin(2 * np.pi * t * waves + phases[i]) * amounts[i]).sum(axis=1) for i in range(2)], axis=1)


KINDS: dict[str, Callable[[np.random.Generator], NDArray[np.float64]]] = {
    "lines of eight corners": lambda rng: _corners(rng, 8),
    "lines of ten corners": lambda rng: _corners(rng, 10),
    "waves": _waves,
}

if __name__ == "__main__":
    sys.exit(main())
