"""`python -m train.studies.personal`: how much corrections improve accuracy, for their writer and for others.

Reads the same networks as `train.studies.crossvalidate`. Needs no TensorFlow.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.datasets.labelled import LabelledInk, is_held_out, read_labelled_ink
from edge_app.datasets.mnist import read_mnist
from edge_app.errors import DigitpadError
from edge_app.evaluation.evaluate import read_sample
from edge_app.modelfiles.card import INT8, load_model
from edge_app.personal.lessons import PersonalClassifier, directions
from edge_app.recognition.classifier import Classifier, Features, Logits
from edge_app.recognition.features import FeatureReader
from edge_app.recognition.model import REJECT
from edge_app.recognition.normalise import normalise_digit
from edge_app.recognition.recognizer import Recognizer
from edge_app.storage.atomic_write import readable_json, write_atomically

from ..inkdata import UNLIKE_DIGITS

FOLDS = range(5)
TUNED = (0, 1, 2)  # whose writers edge_app/personal/lessons.py was tuned on
EACH = (1, 3, 5)  # lessons per digit
TUNED_IMAGES = 2000  # the first of MNIST's test images were used in tuning too, so figures are of the others
MOST_LESSONS = ("shown", EACH[-1])  # with these lessons numbers are read too, which takes long
HARD = 3  # misread digits that make a writer hard to read
DIGITS = tuple("0123456789")

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Samples:
    """Digit images as a network sees them."""

    images: NDArray[np.uint8]  # (n, 28, 28)
    labels: NDArray[np.str_]  # (n,)
    writers: NDArray[np.str_]  # (n,)
    points: Features  # (n, width)
    logits: Logits  # (n, classes)

    def where(self, which: Mask) -> "Samples":
        """Return the samples selected by `which`."""
        return Samples(*(column[which] for column in vars(self).values()))


@dataclass(frozen=True)
class Network:
    """A network that learns, and the data it is measured on."""

    hand: PersonalClassifier
    digits: Samples
    letters: Samples
    mnist: Samples
    numbers: list[LabelledInk]

    def wrong(self, samples: Samples) -> Mask:
        """Return which samples are misread with the present lessons; a rejected digit is misread."""
        return self.hand.answers(samples.logits + self.hand.evidence(samples.points)) != samples.labels

    def errors(self, others: Mask) -> dict[str, float]:
        """Return the error rates on everything but the writer who was learnt."""
        sets = {"others": self.digits.where(others), "mnist": self.mnist, "letters": self.letters}
        return {name: float(self.wrong(samples).mean()) for name, samples in sets.items()}

    def numbers_wrong(self) -> int:
        """Return how many whole numbers are misread."""
        recognizer = Recognizer(classifier=self.hand)
        return sum(read_sample(recognizer, sample).text != sample.label for sample in self.numbers)


def make_parser() -> argparse.ArgumentParser:
    """Return the command line of `python -m train.studies.personal`."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m train.studies.personal",
        description="Measure how reading improves after 1, 3 and 5 corrections or shown examples per digit, writer by "
        "writer, on runs/fold-0 to fold-4, each on the writers that its training held out.",
    )
    parser.add_argument("ink", type=Path, nargs="+", metavar="FILE", help="labelled ink: digits, numbers, letters")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER", help="default: runs")
    parser.add_argument("--mnist", type=Path, required=True, metavar="FILE", help="mnist.npz")
    parser.add_argument("--strange", metavar="NAME", help="a network trained without ink, to which every writer is new")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="write the figures to this file")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    args = make_parser().parse_args(argv)
    try:
        write_atomically(args.json, readable_json(measure(args)))
    except DigitpadError as error:
        print(f"personal: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of all folds, of those not tuned on, and of a network trained without ink."""
    ink = [sample for path in args.ink for sample in read_labelled_ink(path)]
    mnist = read_mnist(args.mnist)
    test = mnist.x_test[TUNED_IMAGES:], mnist.y_test[TUNED_IMAGES:].astype(str)
    rows = []
    for fold in FOLDS:
        held_out = [sample for sample in ink if is_held_out(sample.writer, fold)]
        rows += by_writer(open_network(args.runs / f"fold-{fold}", held_out, test))
        print(f"fold {fold}: {len(rows)} writers so far", flush=True)
    report = {"untuned": summary([row for row in rows if not _was_tuned(row["writer"])]), "all": summary(rows)}
    if args.strange:
        untuned = [sample for sample in ink if not _was_tuned(sample.writer)]
        report["strange"] = summary(by_writer(open_network(args.runs / args.strange, untuned, test)))
    return {**report, "writers": [_brief(row) for row in rows]}


def _was_tuned(writer: str) -> bool:
    return any(is_held_out(writer, fold) for fold in TUNED)


def open_network(folder: Path, ink: Sequence[LabelledInk], test: tuple[Any, Any]) -> Network:
    """Return the network in `folder` with ink of writers it was not trained on, and labelled MNIST images."""
    plain = Classifier(load_model(folder / INT8))
    reader = FeatureReader(plain)
    return Network(
        PersonalClassifier(plain),
        _see_ink(reader, [sample for sample in ink if sample.label in DIGITS]),
        _see_ink(reader, [sample for sample in ink if sample.label in UNLIKE_DIGITS], REJECT),
        _see(reader, *test, np.full(len(test[1]), "MNIST")),
        [sample for sample in ink if sample.label.isdigit() and len(sample.label) > 1],
    )


def _see_ink(reader: FeatureReader, ink: Sequence[LabelledInk], label: str | None = None) -> Samples:
    images = np.stack([normalise_digit(sample.ink) for sample in ink])
    labels = np.array([label or sample.label for sample in ink])
    return _see(reader, images, labels, np.array([sample.writer for sample in ink]))


def _see(reader: FeatureReader, images: NDArray[np.uint8], labels: Any, writers: Any) -> Samples:
    features, logits = reader.read(images)
    return Samples(images, labels, writers, directions(features), logits)


def by_writer(network: Network) -> list[dict[str, Any]]:
    """Return for each writer how a network that learnt some of their digits reads the others, and everything else."""
    network.hand.replace([])
    numbers = network.numbers_wrong()
    return [_writer(network, name, numbers) for name in dict.fromkeys(network.digits.writers.tolist())]


def _writer(network: Network, name: str, numbers: int) -> dict[str, Any]:
    mine = network.digits.writers == name
    own = network.digits.where(mine)
    network.hand.replace([])
    before, plain = network.wrong(own), network.errors(~mine)
    row: dict[str, Any] = {"writer": name, "n": len(before), "wrong": int(before.sum()), "ways": {}}
    for way, count in WAYS:
        network.hand.replace([])
        taught, met = WAYS_OF_TEACHING[way](network, own, count)
        rest = ~np.isin(np.arange(len(before)), taught)
        harm = {key: share - plain[key] for key, share in network.errors(~mine).items()}
        if (way, count) == MOST_LESSONS:
            row["numbers"] = [len(network.numbers), numbers, network.numbers_wrong()]
        row["ways"][f"{way} {count}"] = {
            "lessons": len(taught),
            "aside": sum(not lesson.used for lesson in network.hand.lessons),
            "met": met,
            "rest": [int(rest.sum()), int(before[rest].sum()), int(network.wrong(own)[rest].sum())],
            "harm": harm,
        }
    return row


def correct(network: Network, own: Samples, count: int) -> tuple[list[int], int]:
    """Teach the first `count` misread samples of each digit as they are met; return those, and how many were misread.

    A sample met before its lesson stays misread, as for a user.
    """
    taught: list[int] = []
    met, at, wrong = 0, 0, network.wrong(own)
    while wrong[at:].any():
        at += int(wrong[at:].argmax())
        met += 1
        if np.count_nonzero(own.labels[taught] == own.labels[at]) < count:
            network.hand.learn(own.images[at], str(own.labels[at]))
            taught.append(at)
            wrong = network.wrong(own)
        at += 1
    return taught, met


def show(network: Network, own: Samples, count: int) -> tuple[list[int], None]:
    """Teach the first `count` samples of each digit, misread or not, as practice does."""
    taught = sorted(at for digit in DIGITS for at in np.flatnonzero(own.labels == digit)[:count].tolist())
    network.hand.replace((own.images[at], str(own.labels[at])) for at in taught)
    return taught, None


def slip(network: Network, own: Samples, count: int) -> tuple[list[int], None]:
    """Teach as `show` does, then one more sample of each digit under a wrong label."""
    taught, _ = show(network, own, count)
    rng = random.Random(str(own.writers[0]))
    for digit in DIGITS:
        for at in np.flatnonzero(own.labels == digit)[count : count + 1].tolist():
            network.hand.learn(own.images[at], rng.choice([other for other in DIGITS if other != digit]))
            taught.append(at)
    return taught, None


WAYS_OF_TEACHING: dict[str, Callable[[Network, Samples, int], tuple[list[int], int | None]]] = {
    "corrected": correct,
    "shown": show,
    "slips": slip,
}
WAYS = [(way, count) for way in ("corrected", "shown") for count in EACH] + [("slips", EACH[-1])]


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return how the errors changed: of all writers, of the hard ones, and on everything else."""
    hard = [row for row in rows if row["wrong"] >= HARD]
    keys = [f"{way} {count}" for way, count in WAYS]
    return {
        "writers": len(rows),
        "n": sum(row["n"] for row in rows),
        "wrong": sum(row["wrong"] for row in rows),
        "numbers": _sums([row["numbers"] for row in rows]),
        "ways": {key: {**_gain(rows, key), "hard": _gain(hard, key), "harm": _harm(rows, key)} for key in keys},
    }


def _gain(rows: Sequence[dict[str, Any]], key: str) -> dict[str, Any]:
    """Return errors on the samples that were not taught, before and after; for corrections also those met."""
    own = [row["ways"][key] for row in rows]
    rest = np.array([way["rest"] for way in own]).reshape(-1, 3)
    left = rest[rest[:, 0] > 0]
    shares = left[:, 1:] / left[:, :1]
    result = {
        "writers": len(rows),
        "lessons": sum(way["lessons"] for way in own),
        "aside": sum(way["aside"] for way in own),
        "rest": _sums(rest.tolist()),
        "mean": dict(zip(("before", "after"), shares.mean(axis=0).tolist(), strict=True)),
        "better": int((rest[:, 2] < rest[:, 1]).sum()),
        "same": int((rest[:, 2] == rest[:, 1]).sum()),
        "worse": int((rest[:, 2] > rest[:, 1]).sum()),
    }
    if all(way["met"] is not None for way in own):
        result["met"] = {"before": sum(row["wrong"] for row in rows), "after": sum(way["met"] for way in own)}
    return result


def _sums(triples: Sequence[Sequence[int]]) -> dict[str, int]:
    """Return the sums of samples, errors without and errors with the lessons."""
    return dict(zip(("n", "before", "after"), map(sum, zip(*triples, strict=True)), strict=True))


def _harm(rows: Sequence[dict[str, Any]], key: str) -> dict[str, dict[str, float]]:
    """Return by how much other error rates grew, on average and for the worst writer."""
    own = [row["ways"][key]["harm"] for row in rows]
    return {
        name: {"mean": float(np.mean([harm[name] for harm in own])), "worst": max(harm[name] for harm in own)}
        for name in own[0]
    }


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """Return a writer's row without what the summary has."""
    rest = {key: way["rest"] for key, way in row["ways"].items()}
    met = {key: way["met"] for key, way in row["ways"].items() if way["met"] is not None}
    return {"writer": row["writer"], "n": row["n"], "wrong": row["wrong"], "met": met, "rest": rest}


if __name__ == "__main__":
    sys.exit(main())
