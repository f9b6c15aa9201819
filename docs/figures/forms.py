"""Accuracy by way of writing a digit, on labelled ink: which way is found by geometry, as no ink set is labelled so.

`python docs/figures/forms.py FILE...` reads the files with the shipped network and writes forms.json; with
`--sheets FOLDER` it also draws what each rule found, to be looked at.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_app import Recognizer
from edge_app.datasets.labelled import LabelledInk, read_labelled
from edge_app.evaluation.evaluate import figures, read_sample
from edge_app.recognition.ink import Ink, Stroke, box_of
from edge_app.recognition.normalise import normalise_digit

POINTS = 48  # per stroke, evenly spaced
LOOP = 0.008  # least area of a loop, of the height's square
SHEET = 96  # samples
Crossings = NDArray[np.float64]
"""(n, 4) of x, y and the positions on both strokes, in points."""


def fit(ink: Ink) -> list[Stroke]:
    """Return strokes of POINTS points each, in heights from the top left corner."""
    left, top, _, bottom = box_of(ink)
    strokes = []
    for stroke in ink:
        moved = np.concatenate([[0.0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
        at = np.linspace(0, moved[-1], POINTS)
        even = np.stack([np.interp(at, moved, stroke[:, axis]) for axis in range(2)], axis=1)
        strokes.append((even - (left, top)) / max(bottom - top, 1e-9))
    return strokes


def crossings(one: Stroke, other: Stroke) -> Crossings:
    """Return where two strokes cross; of a stroke with itself each crossing once, and not between neighbours."""
    p, q, r, s = one[:-1, None], other[None, :-1], np.diff(one, axis=0)[:, None], np.diff(other, axis=0)[None]
    across = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = ((q - p)[..., 0] * s[..., 1] - (q - p)[..., 1] * s[..., 0]) / across
        u = ((q - p)[..., 0] * r[..., 1] - (q - p)[..., 1] * r[..., 0]) / across
    found = (t >= 0) & (t < 1) & (u >= 0) & (u < 1)
    if one is other:
        found = np.triu(found, 2)
    i, j = np.nonzero(found)
    return np.column_stack([one[i] + t[i, j][:, None] * (one[i + 1] - one[i]), i + t[i, j], j + u[i, j]])


def loops(stroke: Stroke) -> list[float]:
    """Return the height of the middle of each loop of a stroke, 0 at the top, 1 at the bottom."""
    found = []
    for _, _, first, last in crossings(stroke, stroke):
        ring = stroke[int(first) + 1 : int(last) + 1]
        x, y = ring.T
        if abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2 >= LOOP:
            found.append(float((y.min() + y.max()) / 2))
    return found


def is_crossed_7(strokes: list[Stroke]) -> bool:
    """Two strokes, a short bar across the stem of a seven."""
    if len(strokes) != 2:
        return False
    seven, bar = sorted(strokes, key=lambda stroke: -np.ptp(stroke[:, 1]))
    where = crossings(seven, bar)
    return len(where) > 0 and np.ptp(bar[:, 1]) < 0.4 and bool(np.all((where[:, 1] > 0.25) & (where[:, 1] < 0.8)))


def is_korean_7(strokes: list[Stroke]) -> bool:
    """The pen begins below the left end of the bar: a hook before it."""
    first = strokes[0]
    corner = int(first[: POINTS // 2, 1].argmin())
    start, top = first[0], first[corner]
    hook = start[1] - top[1] >= 0.15 and abs(start[0] - top[0]) < 0.25 and corner > 2
    return bool(hook and first[:, 0].max() - top[0] >= 0.3 and first[-1, 1] > 0.8 and len(crossings(first, first)) == 0)


def flag_of_1(strokes: list[Stroke]) -> float:
    """Return the height of the up-stroke of a one of one stroke; 0 without a sharp top."""
    if len(strokes) != 1:
        return 0.0
    (stroke,) = strokes
    top = int(stroke[:, 1].argmin())
    before, after = stroke[: top + 1], stroke[top:]
    sharp = top > 1 and stroke[0, 0] < stroke[top, 0] - 0.05 and after[-1, 1] > 0.9 and np.ptp(after[:, 0]) < 0.5
    return float(before[:, 1].max()) if sharp else 0.0


def has_base_1(strokes: list[Stroke]) -> bool:
    """Two strokes, of which one is a level line at the foot."""
    if len(strokes) != 2:
        return False
    stem, base = sorted(strokes, key=lambda stroke: -np.ptp(stroke[:, 1]))
    return bool(np.ptp(stem[:, 1]) > 0.8 and base[:, 1].min() > 0.8 and np.ptp(base[:, 0]) > 0.15)


def is_slashed_0(strokes: list[Stroke]) -> bool:
    """A ring, and a straight stroke across it."""
    if len(strokes) != 2:
        return False
    ring, line = strokes
    length = float(np.hypot(*(line[-1] - line[0])))
    straight = length > 0.9 * np.hypot(*np.diff(line, axis=0).T).sum()
    closed = np.hypot(*(ring[0] - ring[-1])) < 0.35 * max(np.ptp(ring, axis=0))
    return bool(straight and closed and len(crossings(ring, line)) and length > 0.4 * np.ptp(ring[:, 0]))


def is_open_4(strokes: list[Stroke]) -> bool:
    """Two strokes that are apart at the top, the first one bent, the second one a stem."""
    if len(strokes) != 2:
        return False
    first, stem = strokes
    tops = abs(first[0, 0] - stem[0, 0])
    return bool(tops > 0.2 and np.ptp(stem[:, 1]) > 0.6 and first[0, 1] < 0.4 and first[-1, 0] > first[0, 0])


RULES: dict[str, tuple[str, Callable[[list[Stroke]], bool]]] = {
    "0, slashed": ("0", is_slashed_0),
    "1, short flag": ("1", lambda strokes: 0.1 <= flag_of_1(strokes) < 0.5),
    "1, long up-stroke": ("1", lambda strokes: flag_of_1(strokes) >= 0.5),
    "1, with a base": ("1", has_base_1),
    "2, loop on top": ("2", lambda strokes: len(strokes) == 1 and any(y < 0.45 for y in loops(strokes[0]))),
    "2, loop at the foot": ("2", lambda strokes: len(strokes) == 1 and any(y > 0.6 for y in loops(strokes[0]))),
    "4, open, two strokes": ("4", is_open_4),
    "4, one stroke": ("4", lambda strokes: len(strokes) == 1),
    "7, crossed": ("7", is_crossed_7),
    "7, hook before the bar": ("7", is_korean_7),
}


def sheet(samples: list[LabelledInk]) -> Image.Image:
    """Return up to SHEET samples in rows of 16, as the network sees them."""
    chosen = samples[:: max(1, len(samples) // SHEET)][:SHEET]
    drawn = Image.new("L", (16 * 58, -(-len(chosen) // 16) * 58), 255)
    for i, sample in enumerate(chosen):
        image = Image.fromarray(255 - normalise_digit(sample.ink)).resize((56, 56))
        drawn.paste(image, (i % 16 * 58, i // 16 * 58))
    return drawn


def main() -> None:
    """Write forms.json beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--sheets", type=Path)
    args = parser.parse_args()
    recognizer = Recognizer()
    report = {}
    for file in args.files:
        found: dict[str, list[LabelledInk]] = defaultdict(list)
        for sample in read_labelled(file):
            assert isinstance(sample, LabelledInk)
            wanted = [(form, rule) for form, (digit, rule) in RULES.items() if digit == sample.label]
            if wanted and (strokes := fit(sample.ink)):
                for form, rule in wanted:
                    if rule(strokes):
                        found[form].append(sample)
        read = {form: figures([read_sample(recognizer, own) for own in found[form]]) for form in RULES if form in found}
        if not read:  # a file of numbers
            continue
        keys = ("n", "right", "accuracy", "interval", "refused")
        report[file.name] = {form: {key: own[key] for key in keys} for form, own in read.items()}
        for form, samples in found.items() if args.sheets else ():
            sheet(samples).save(args.sheets / f"{file.name.partition('.')[0]} {form}.png".replace(" ", "_"))
    (Path(__file__).parent / "forms.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
