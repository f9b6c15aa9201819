"""`digitpad evaluate`: accuracy on labelled ink, MNIST or pictures, and a picture of the mistakes."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image, ImageDraw, ImageOps

from ..datasets.labelled import LabelledImage, LabelledInk, LabelledPicture, is_held_out, read_labelled, read_manifest
from ..errors import DataError, ImageError
from ..escape import escape
from ..recognition.ink import box_of
from ..recognition.model import REJECT
from ..recognition.normalise import normalise_digit
from ..recognition.recognizer import Recognizer
from ..storage.atomic_write import readable_json, write_atomically
from .metrics import calibration, gap, wilson

TILE = 120
Sample: TypeAlias = LabelledInk | LabelledImage | LabelledPicture


@dataclass(frozen=True)
class Outcome:
    """How one sample was read."""

    sample: Sample
    text: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Whether the sample was read as its label."""
        return self.text == self.sample.label


def evaluate_command(
    files: list[Path],
    recognizer: Recognizer,
    output: Path | None,
    picture: Path | None,
    fold: int | None = None,
    manifests: Sequence[Path] = (),
) -> int:
    """Evaluate each file and manifest of pictures, print a table for each, and write JSON and the picture if asked."""
    if len({path.name for path in (*files, *manifests)}) < len(files) + len(
        manifests
    ):  # the report has names, not paths: those are private
        raise DataError("two files have the same name: rename one, or evaluate them one by one")
    results = {}
    mistakes: list[Outcome] = []
    for path in (*files, *manifests):
        samples: Iterator[Sample] = read_manifest(path) if path in manifests else read_labelled(path)
        outcomes = [read_sample(recognizer, s) for s in samples if fold is None or is_held_out(s.writer, fold)]
        if not outcomes:
            raise DataError(f"{path}: no samples" + ("" if fold is None else f" of fold {fold}"))
        name = escape(path.name)
        results[name] = figures(outcomes)
        print(table(name, results[name]))
        mistakes += [outcome for outcome in outcomes if is_number(outcome) and not outcome.is_right]
    try:
        if output:
            classifier = recognizer.classifier
            runtime = f"{classifier.runtime.name} {classifier.runtime.version}"
            report = {"model": classifier.model.sha256, "runtime": runtime, "sets": results}
            write_atomically(output, readable_json(report))
        if picture and not mistakes:
            print(f"no mistakes, so no picture: {escape(picture)} is not written", file=sys.stderr)
        elif picture:
            draw_mistakes(mistakes).save(picture)
            print(f"wrote {escape(picture)}: {len(mistakes)} mistakes", file=sys.stderr)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be written ({error})") from None
    return 0


def read_sample(recognizer: Recognizer, sample: Sample) -> Outcome:
    """Return how the app reads a sample; ink with a label of one character is read as a single digit."""
    if isinstance(sample, LabelledPicture):
        try:
            reading = recognizer.read_picture(sample.path, single=sample.single)
        except ImageError:
            return Outcome(sample, "", 0.0)
    elif isinstance(sample, LabelledImage):
        reading = recognizer.read_image(sample.image)
    else:
        reading = recognizer.read(sample.ink, single=len(sample.label) == 1)
    return Outcome(sample, reading.text, reading.confidence)


def is_number(outcome: Outcome) -> bool:
    """Return whether the sample is digits, not a letter or symbol."""
    return outcome.sample.label.isascii() and outcome.sample.label.replace("\n", "").isdigit()


def figures(outcomes: list[Outcome]) -> dict[str, Any]:
    """Return accuracy, rejections, confusions and worst writers of numbers, and rejections of everything else."""
    numbers = [outcome for outcome in outcomes if is_number(outcome)]
    others = [outcome for outcome in outcomes if not is_number(outcome)]
    result: dict[str, Any] = {"n": len(numbers)}
    if numbers:
        right = [outcome.is_right for outcome in numbers]
        result |= {
            "right": sum(right),
            "accuracy": sum(right) / len(right),
            "interval": list(wilson(sum(right), len(right))),
            "refused": sum(REJECT in outcome.text for outcome in numbers),
            "calibration_error": gap(calibration([outcome.confidence for outcome in numbers], right)),
            "worst_writers": _worst_writers(numbers),
        }
        if kinds := _by_kind(numbers):
            result["kinds"] = kinds
        if all(len(outcome.sample.label) == 1 for outcome in numbers):
            result |= _by_digit(numbers)
    if others:
        rejected = sum(REJECT in outcome.text or not outcome.text for outcome in others)
        result |= {"no_digits": len(others), "no_digits_refused": rejected}
    return result


def _worst_writers(numbers: list[Outcome]) -> dict[str, dict[str, int]]:
    writers: dict[str, list[bool]] = defaultdict(list)
    for outcome in numbers:
        writers[outcome.sample.writer].append(outcome.is_right)
    worst = sorted(writers.items(), key=lambda item: (-item[1].count(False), item[0]))[:5]
    return {escape(name): {"n": len(own), "wrong": own.count(False)} for name, own in worst}


def _by_kind(numbers: list[Outcome]) -> dict[str, dict[str, int]]:
    """Return n and right of each kind of pictures, single digits apart from numbers; empty without pictures."""
    kinds: dict[str, list[bool]] = defaultdict(list)
    for outcome in numbers:
        if isinstance(outcome.sample, LabelledPicture):
            what = "one digit" if outcome.sample.single else "numbers"
            kinds[f"{what}, {escape(outcome.sample.kind)}"].append(outcome.is_right)
    return {kind: {"n": len(right), "right": sum(right)} for kind, right in sorted(kinds.items())}


def _by_digit(numbers: list[Outcome]) -> dict[str, Any]:
    counts = Counter(outcome.sample.label for outcome in numbers)
    confusions = Counter((o.sample.label, o.text) for o in numbers if not o.is_right)
    missed = Counter(outcome.sample.label for outcome in numbers if not outcome.is_right)
    return {
        "per_class": {digit: {"n": counts[digit], "wrong": missed[digit]} for digit in sorted(counts)},
        "confusions": [[true, read, count] for (true, read), count in confusions.most_common(12)],
    }


def table(name: str, result: dict[str, Any]) -> str:
    """Return the figures of one set for a terminal."""
    lines = [name]
    if result["n"]:
        low, high = result["interval"]
        lines.append(
            f"  {result['right']} of {result['n']} right: {result['accuracy']:.2%} "
            f"(95 % interval {low:.2%} to {high:.2%}), {result['refused']} rejected, "
            f"calibration error {result['calibration_error']:.3f}"
        )
        for kind, own in result.get("kinds", {}).items():
            lines.append(f"    {kind}: {own['right']} of {own['n']} right ({own['right'] / own['n']:.1%})")
        for digit, own in result.get("per_class", {}).items():
            lines.append(f"    {digit}: {own['wrong']:>4} wrong of {own['n']}")
        if pairs := [f"{true} as {read}: {count}" for true, read, count in result.get("confusions", [])]:
            lines.append(f"  most frequent: {', '.join(pairs)}")
        writers = result["worst_writers"].items()
        if worst := [f"{writer} {own['wrong']} of {own['n']}" for writer, own in writers if own["wrong"]]:
            lines.append(f"  most mistakes by writer: {', '.join(worst)}")
    if "no_digits" in result:
        share = result["no_digits_refused"] / result["no_digits"]
        lines.append(f"  not a digit: {result['no_digits_refused']} of {result['no_digits']} rejected ({share:.1%})")
    return "\n".join(lines)


def draw_mistakes(mistakes: list[Outcome], columns: int = 10, most: int = 240) -> Image.Image:
    """Return a sheet of misread samples, with label, reading and confidence under each."""
    shown = mistakes[:most]
    rows = max(1, -(-len(shown) // columns))
    sheet = Image.new("L", (columns * TILE, rows * (TILE + 14)), 255)
    pen = ImageDraw.Draw(sheet)
    for i, outcome in enumerate(shown):
        x, y = i % columns * TILE, i // columns * (TILE + 14)
        sheet.paste(_tile(outcome.sample), (x + 2, y))
        pen.rectangle((x + 1, y, x + TILE - 2, y + TILE + 12), outline=200)
        label, read = (text.replace("\n", " ") for text in (outcome.sample.label, outcome.text))
        text = f"{label} read {read} {outcome.confidence:.2f}"
        pen.text((x + 4, y + TILE - 3), text, fill=0)
    return sheet


def _tile(sample: Sample, side: int = TILE - 4) -> Image.Image:
    """Return a digit as the network sees it, or a number or picture as it was made."""
    if isinstance(sample, LabelledPicture):
        tile = Image.new("L", (side, side), 255)
        with suppress(OSError), Image.open(sample.path) as picture:
            small = ImageOps.exif_transpose(picture).convert("L")
            small.thumbnail((side, side - 8))
            tile.paste(small)
        return tile
    if isinstance(sample, LabelledInk) and len(sample.label) > 1:
        left, top, right, bottom = box_of(sample.ink)
        scale = (side - 4) / max(right - left, bottom - top, 1e-9)
        tile = Image.new("L", (side, side), 255)
        pen = ImageDraw.Draw(tile)
        for stroke in sample.ink:
            pen.line([(2 + (x - left) * scale, side / 3 + (y - top) * scale) for x, y in stroke.tolist()], fill=0)
        return tile
    image = sample.image if isinstance(sample, LabelledImage) else normalise_digit(sample.ink)
    return Image.fromarray(255 - image).resize((side, side), Image.Resampling.NEAREST)
