"""Normalisation: geometry, an independent drawing, and MNIST itself as oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edge_app.classifier import Classifier
from edge_app.ink import Ink, make_ink
from edge_app.mnist import Mnist
from edge_app.modelfile import load_model
from edge_app.normalise import CENTRE, PEN_WIDTH, normalise_bitmap, normalise_digit

SEVEN = make_ink([[[0, 0], [60, 0], [25, 100]], [[10, 50], [55, 48]]])

coordinate = st.floats(-500, 500, allow_nan=False, width=32)
strokes = st.lists(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=30), min_size=1, max_size=4)


def box_of_image(image: NDArray[np.uint8]) -> tuple[int, int]:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def centre_of_mass(image: NDArray[np.uint8]) -> tuple[float, float]:
    grid = np.mgrid[0:28, 0:28]
    return tuple((grid * image).sum(axis=(1, 2)) / image.sum())


def test_blank_ink_is_blank_paper() -> None:
    assert not normalise_digit(()).any()
    assert not normalise_bitmap(np.zeros((40, 30), np.uint8)).any()


def test_a_point_is_a_dot_of_the_pens_width() -> None:
    image = normalise_digit(make_ink([[[5, 5]]]))
    assert box_of_image(image)[0] <= PEN_WIDTH + 2
    assert image.max() > 200


def test_drawing_agrees_with_pillow_drawn_large_and_scaled_down() -> None:
    scale = (20 - PEN_WIDTH) / 100
    fine = 16
    canvas = Image.new("L", (20 * fine, 20 * fine))
    pen = ImageDraw.Draw(canvas)
    for stroke in SEVEN:
        points = [((x * scale + PEN_WIDTH / 2) * fine, (y * scale + PEN_WIDTH / 2) * fine) for x, y in stroke.tolist()]
        pen.line(points, fill=255, width=round(PEN_WIDTH * fine), joint="curve")
        for x, y in points:
            r = PEN_WIDTH * fine / 2
            pen.ellipse((x - r, y - r, x + r, y + r), fill=255)
    expected = np.asarray(canvas.resize((20, 20), Image.Resampling.BOX), float)
    image = normalise_digit(SEVEN).astype(float)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    drawn = np.zeros((20, 20))
    part = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    drawn[: part.shape[0], : part.shape[1]] = part
    assert np.abs(drawn - expected).mean() < 2.5
    assert np.abs(drawn - expected[:, ::-1]).mean() > 20  # the measure can tell a mirrored 7


@settings(max_examples=150, deadline=None)
@given(strokes)
def test_any_ink_stays_in_its_box_and_is_centred_by_mass(points: list[list[tuple[float, float]]]) -> None:
    image = normalise_digit(make_ink(points))
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert max(box_of_image(image)) <= 20
    assert all(abs(at - CENTRE) <= 4.01 for at in centre_of_mass(image))  # a whole 20x20 box has 4 to either side


@settings(max_examples=100, deadline=None)
@given(strokes, st.integers(-8, 8))
def test_units_order_and_direction_do_not_matter(points: list[list[tuple[float, float]]], power: int) -> None:
    ink = make_ink(points)
    scaled = tuple(stroke * np.float32(2.0**power) for stroke in ink)
    turned: Ink = tuple(stroke[::-1] for stroke in ink[::-1])
    expected = normalise_digit(ink).astype(int)
    assert np.abs(normalise_digit(scaled).astype(int) - expected).max() <= 1
    short = all(len(stroke) < 24 for stroke in ink)  # longer strokes are thinned from their beginning
    if short:
        assert np.abs(normalise_digit(turned).astype(int) - expected).max() <= 1


def test_aspect_is_kept_and_the_drawing_not_stretched() -> None:
    one = normalise_digit(make_ink([[[0, 0], [0, 100]]]))
    height, width = box_of_image(one)
    assert height == 20
    assert width <= 5


def test_dense_ink_looks_like_sparse_ink() -> None:
    t = np.linspace(0, 2 * np.pi, 2001)
    dense = make_ink([np.stack([t * np.cos(t), t * np.sin(t)], axis=1).astype(np.float64)])
    sparse = make_ink([dense[0][::50]])
    images = [normalise_digit(ink).astype(int) for ink in (dense, sparse)]
    # the last bit of the mass may place it a pixel to the side
    shifted = [np.roll(images[1], by, axis=(0, 1)) for by in np.ndindex(3, 3)]
    shifted = [np.roll(image, (-1, -1), axis=(0, 1)) for image in shifted]
    assert min(np.abs(images[0] - image).mean() for image in shifted) < 3


def test_a_scribble_of_many_points_is_drawn_in_bounded_memory() -> None:
    points = np.random.default_rng(1).uniform(0, 1, (20_000, 2))
    assert normalise_digit(make_ink([points])).mean() > 100


def test_hairlines_in_a_large_picture_are_thickened() -> None:
    canvas = Image.new("L", (1000, 1000))
    ImageDraw.Draw(canvas).line([(200, 100), (800, 100), (450, 900)], fill=255, width=2)
    image = normalise_bitmap(np.asarray(canvas))
    assert image.max() == 255
    ink_of_line = normalise_digit(make_ink([[[200, 100], [800, 100], [450, 900]]]))
    assert 0.4 < image.sum() / ink_of_line.sum() < 1.3


@pytest.mark.data
@pytest.mark.parametrize("factor", [1, 5])
def test_mnist_normalised_again_is_mnist(mnist: Mnist, factor: int) -> None:
    images = mnist.x_test[:2000]
    again = np.stack([normalise_bitmap(np.kron(image, np.ones((factor, factor), np.uint8))) for image in images])
    difference = np.abs(again.astype(int) - images.astype(int)).mean(axis=(1, 2))
    assert difference.mean() < 1.0
    # a digit whose mass lies half way between two pixels may land on the other one: rare
    assert (difference > 5).mean() < 0.08


@pytest.mark.data
@pytest.mark.parametrize("filter_", [Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
def test_enlarging_and_normalising_again_costs_no_accuracy(mnist: Mnist, filter_: Image.Resampling) -> None:
    """At most 0.1 points on all 10,000 test images, whatever filter enlarged them."""
    classifier = Classifier(load_model())
    right = classifier.logits(mnist.x_test).argmax(axis=1) == mnist.y_test
    again = np.stack(
        [normalise_bitmap(np.asarray(Image.fromarray(image).resize((140, 140), filter_))) for image in mnist.x_test]
    )
    right_again = classifier.logits(again).argmax(axis=1) == mnist.y_test
    assert right.mean() - right_again.mean() <= 0.001
    mirrored = classifier.logits(np.ascontiguousarray(again[:1000, :, ::-1])).argmax(axis=1) == mnist.y_test[:1000]
    assert mirrored.mean() < 0.7  # the measure notices a normalisation that is wrong
