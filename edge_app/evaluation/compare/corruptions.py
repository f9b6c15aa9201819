"""Digits spoilt as cameras, pens and paper spoil them: after MNIST-C (Mu and Gilmer, 2019), seeded and made here."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ...recognition.normalise import SIZE, DigitImage

Corruption: TypeAlias = Callable[[DigitImage, np.random.Generator], DigitImage]
SEED = 1


def corrupt(name: str, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images (n, 28, 28) spoilt the way of `name`; image i is always spoilt alike."""
    way = CORRUPTIONS[name]
    number = list(CORRUPTIONS).index(name)
    return np.stack([way(image, np.random.default_rng((SEED, number, i))) for i, image in enumerate(images)])


def _affine(
    image: DigitImage, matrix: tuple[float, float, float, float], right: float = 0, down: float = 0
) -> DigitImage:
    """Return the image moved about its middle; `matrix` maps offsets (x, y) in the result to those in the source."""
    a, b, d, e = matrix
    middle = SIZE / 2
    c, f = middle - a * (middle + right) - b * (middle + down), middle - d * (middle + right) - e * (middle + down)
    moved = Image.fromarray(image).transform(
        (SIZE, SIZE), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
    )
    return np.asarray(moved, np.uint8)


def _either(random: np.random.Generator, low: float, high: float) -> float:
    """Return a number between `low` and `high`, or its negative."""
    return float(random.uniform(low, high) * random.choice([-1, 1]))


def _shift(image: DigitImage, random: np.random.Generator) -> DigitImage:
    return _affine(image, (1, 0, 0, 1), _either(random, 1, 3), _either(random, 1, 3))


def _rotate(image: DigitImage, random: np.random.Generator) -> DigitImage:
    angle = np.deg2rad(_either(random, 10, 25))
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    return _affine(image, (cosine, sine, -sine, cosine))


def _scale(image: DigitImage, random: np.random.Generator) -> DigitImage:
    factor = float(random.choice([random.uniform(0.65, 0.8), random.uniform(1.15, 1.3)]))
    return _affine(image, (1 / factor, 0, 0, 1 / factor))


def _shear(image: DigitImage, random: np.random.Generator) -> DigitImage:
    return _affine(image, (1, _either(random, 0.2, 0.45), 0, 1))


def _blur(image: DigitImage, random: np.random.Generator) -> DigitImage:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(random.uniform(0.8, 1.4))), np.uint8)


def _clip(values: NDArray[np.float64]) -> DigitImage:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _noise(image: DigitImage, random: np.random.Generator) -> DigitImage:
    return _clip(image + random.normal(0, 40, image.shape))


def _thick(image: DigitImage, _: np.random.Generator) -> DigitImage:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.MaxFilter(3)), np.uint8)


def _thin(image: DigitImage, _: np.random.Generator) -> DigitImage:
    """Return the image larger by half, worn by a pixel all round, and small again: half a pixel thinner."""
    large = Image.fromarray(image).resize((SIZE * 2, SIZE * 2), Image.Resampling.BICUBIC)
    return np.asarray(large.filter(ImageFilter.MinFilter(3)).resize((SIZE, SIZE), Image.Resampling.BOX), np.uint8)


def _bright(image: DigitImage, random: np.random.Generator) -> DigitImage:
    return _clip(image.astype(float) + random.uniform(40, 100))


def _faint(image: DigitImage, random: np.random.Generator) -> DigitImage:
    return _clip(image * random.uniform(0.25, 0.5))


def _dotted_line(image: DigitImage, random: np.random.Generator) -> DigitImage:
    """Return the image with a row of dots across it."""
    start, end = random.uniform(0, SIZE, 2)
    spoilt = image.copy()
    for x in range(int(random.integers(3)), SIZE, 3):
        y = int(np.clip(start + (end - start) * x / SIZE, 0, SIZE - 1))
        spoilt[y, x] = 255
    return spoilt


def _spatter(image: DigitImage, random: np.random.Generator) -> DigitImage:
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    for x, y, radius in zip(*random.uniform(0, SIZE, (2, 7)), random.uniform(0.3, 1.3, 7), strict=True):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(random.integers(120, 256)))
    return np.asarray(picture, np.uint8)


def _zigzag(image: DigitImage, random: np.random.Generator) -> DigitImage:
    """Return the image with a zigzag line across it."""
    picture = Image.fromarray(image)
    middle = random.uniform(6, SIZE - 6)
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
"""The ways by name; the order is part of the seed."""
