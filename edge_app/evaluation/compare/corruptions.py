"""Digits corrupted as cameras, pens and paper do it, after MNIST-C (Mu and Gilmer, 2019); seeded."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ...recognition.classifier import Classifier
from ...recognition.normalise import SIZE, DigitImage
from .report.schema import Robustness

Corruption: TypeAlias = Callable[[DigitImage, np.random.Generator], DigitImage]
SEED = 1


def measure_robustness(
    name: str,
    classifiers: Sequence[Classifier],
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    ways: Iterable[str],
) -> Robustness:
    """Return each model's accuracy on the digits of set `name` (n, 28, 28), corrupted in each way."""

    def answers(digits: NDArray[np.uint8]) -> tuple[list[float], list[int]]:
        read = [classifier.logits(digits).argmax(axis=1) for classifier in classifiers]
        return [float((own == labels).mean()) for own in read], [int((own != read[0]).sum()) for own in read[1:]]

    found = []
    for way in ways:
        accuracy, flipped = answers(corrupt(way, images))
        found.append({"name": way, "accuracy": accuracy, "flipped": flipped})
    return {"set": name, "n": len(labels), "seed": SEED, "clean": answers(images)[0], "corruptions": found}


def corrupt(name: str, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images (n, 28, 28) corrupted the way of `name`; image i always alike."""
    way = CORRUPTIONS[name]
    number = list(CORRUPTIONS).index(name)
    return np.stack([way(image, np.random.default_rng((SEED, number, i))) for i, image in enumerate(images)])


def _affine(
    image: DigitImage, matrix: tuple[float, float, float, float], right: float = 0, down: float = 0
) -> DigitImage:
    """Return the image transformed about its centre; `matrix` maps offsets (x, y) in the result to the source."""
    a, b, d, e = matrix
    middle = SIZE / 2
    c, f = middle - a * (middle + right) - b * (middle + down), middle - d * (middle + right) - e * (middle + down)
    moved = Image.fromarray(image).transform(
        (SIZE, SIZE), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
    )
    return np.asarray(moved, np.uint8)


def _either(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number between `low` and `high`, or its negative."""
    return float(rng.uniform(low, high) * rng.choice([-1, 1]))


def _shift(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    return _affine(image, (1, 0, 0, 1), _either(rng, 1, 3), _either(rng, 1, 3))


def _rotate(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    angle = np.deg2rad(_either(rng, 10, 25))
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    return _affine(image, (cosine, sine, -sine, cosine))


def _scale(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    factor = float(rng.choice([rng.uniform(0.65, 0.8), rng.uniform(1.15, 1.3)]))
    return _affine(image, (1 / factor, 0, 0, 1 / factor))


def _shear(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    return _affine(image, (1, _either(rng, 0.2, 0.45), 0, 1))


def _blur(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(rng.uniform(0.8, 1.4))), np.uint8)


def _clip(values: NDArray[np.float64]) -> DigitImage:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _noise(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    return _clip(image + rng.normal(0, 40, image.shape))


def _thick(image: DigitImage, _: np.random.Generator) -> DigitImage:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.MaxFilter(3)), np.uint8)


def _thin(image: DigitImage, _: np.random.Generator) -> DigitImage:
    """Return the image doubled, eroded by a pixel and halved: half a pixel thinner."""
    large = Image.fromarray(image).resize((SIZE * 2, SIZE * 2), Image.Resampling.BICUBIC)
    return np.asarray(large.filter(ImageFilter.MinFilter(3)).resize((SIZE, SIZE), Image.Resampling.BOX), np.uint8)


def _bright(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    return _clip(image.astype(float) + rng.uniform(40, 100))


def _faint(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    return _clip(image * rng.uniform(0.25, 0.5))


def _dotted_line(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    """Return the image with a row of dots across it."""
    start, end = rng.uniform(0, SIZE, 2)
    dotted = image.copy()
    for x in range(int(rng.integers(3)), SIZE, 3):
        y = int(np.clip(start + (end - start) * x / SIZE, 0, SIZE - 1))
        dotted[y, x] = 255
    return dotted


def _spatter(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    for x, y, radius in zip(*rng.uniform(0, SIZE, (2, 7)), rng.uniform(0.3, 1.3, 7), strict=True):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(rng.integers(120, 256)))
    return np.asarray(picture, np.uint8)


def _zigzag(image: DigitImage, rng: np.random.Generator) -> DigitImage:
    """Return the image with a zigzag line across it."""
    picture = Image.fromarray(image)
    middle = rng.uniform(6, SIZE - 6)
    points = [(x, middle + (3 if i % 2 else -3)) for i, x in enumerate(range(-2, SIZE + 5, 4))]
    ImageDraw.Draw(picture).line(points, fill=255, width=1)
    return np.asarray(picture, np.uint8)


CORRUPTIONS: dict[str, Corruption] = {
    "shift": _shift,
    "rotation": _rotate,
    "scale": _scale,
    "shear": _shear,
    "blur": _blur,
    "noise": _noise,
    "thick": _thick,
    "thin": _thin,
    "bright paper": _bright,
    "faint ink": _faint,
    "dotted line": _dotted_line,
    "spatter": _spatter,
    "zigzag": _zigzag,
}
"""By name; the order is part of the seed."""
