"""Normalisation: geometry, with an independent drawing and MNIST itself as oracles."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edge_app.datasets.mnist import Mnist
from edge_app.modelfiles.card import load_model
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.ink import make_ink
from edge_app.recognition.normalise import (
    BOX,
    CENTRE,
    PEN_WIDTH,
    STEP,
    _thin,
    draw_strokes,
    normalise_bitmap,
    normalise_digit,
)

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
    for blank in (normalise_digit(()), normalise_bitmap(np.zeros((40, 30), np.uint8))):
        assert blank.shape == (28, 28)
        assert blank.dtype == np.uint8
        assert not blank.any()


@pytest.mark.parametrize(("extent", "side"), [(0.99e-30, 3), (1e-30, 3), (1.01e-30, 20)])
def test_tiny_ink_is_a_point(extent: float, side: int) -> None:
    assert max(box_of_image(normalise_digit(make_ink([[[0, 0], [extent, 0]]])))) == side


@pytest.mark.parametrize("turns", range(4))
def test_a_digit_heavy_at_one_end_stays_inside_the_image(turns: int) -> None:
    """Its centre of mass is so near to one end that the edge of the image limits the shift."""
    base = [[[0, y], [100, y]] for y in (82, 88, 94, 100)]
    image = np.array([[[50, 0], [50, 80]], *base], float)
    for _ in range(turns):
        image = np.stack([-image[..., 1], image[..., 0]], axis=-1)
    drawn = normalise_digit(make_ink(list(image)))
    edges = {0: drawn[0], 1: drawn[:, -1], 2: drawn[-1], 3: drawn[:, 0]}
    assert edges[turns].any()
    assert max(box_of_image(drawn)) == 20


def test_drawing_agrees_with_supersampled_pillow() -> None:
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


whole = st.integers(-1000, 1000)
whole_strokes = st.lists(st.lists(st.tuples(whole, whole), min_size=1, max_size=40), min_size=1, max_size=4)


def is_centred(image: NDArray[np.uint8], faint: int = 0) -> bool:
    """Return whether the centre of mass is in the middle by whole pixels, or as near to it as the paper's edge allows.

    At most `faint` rows and columns at the edge of the box may have been rounded to nothing.
    """
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return all(
        abs(at - CENTRE) <= 0.51 or edge[0] <= faint or edge[-1] >= 27 - faint
        for at, edge in zip(centre_of_mass(image), (rows, columns), strict=True)
    )


def is_alike(image: NDArray[np.uint8], other: NDArray[np.uint8], grey: int) -> bool:
    """Return whether no pixel differs by more than `grey`; a mass between two pixels may be centred on either."""
    shifts = [0]
    if any(abs(at % 1 - 0.5) < 0.02 for at in centre_of_mass(image)):
        shifts = [0, -1, 1]
    return any(
        np.abs(image.astype(int) - np.roll(other, (down, right), (0, 1)).astype(int)).max() <= grey
        for down in shifts
        for right in shifts
    )


@given(strokes)
def test_any_ink_stays_in_its_box_and_is_centred_by_mass(points: list[list[tuple[float, float]]]) -> None:
    with np.errstate(invalid="raise", divide="raise", over="raise"):  # no NaN, not even on the way
        image = normalise_digit(make_ink(points))
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert max(box_of_image(image)) <= 20
    assert is_centred(image)
    assert image.max() >= 250  # the pen leaves its full grey somewhere


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 5e-324, 1e-300, 1e-30, 1e-9, 1.0, 3e8, -1e9, 1e9])] * 2), min_size=1))
def test_ink_of_extreme_sizes_is_drawn(points: list[tuple[float, float]]) -> None:
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        image = normalise_digit(make_ink([points]))
    assert image.any()
    extent = float(np.ptp(np.array(points), axis=0).max())
    assert max(box_of_image(image)) == (20 if extent > 1e-30 else 3)


@given(strokes, st.integers(-8, 8), st.randoms())
def test_scale_and_order_of_strokes_change_nothing(
    points: list[list[tuple[float, float]]], power: int, chance: random.Random
) -> None:
    """Bit for bit: scaling by a power of two is exact."""
    ink = list(make_ink(points))
    expected = normalise_digit(ink)
    assert np.array_equal(normalise_digit([stroke * 2.0**power for stroke in ink]), expected)
    chance.shuffle(ink)
    assert np.array_equal(normalise_digit(ink), expected)
    assert np.array_equal(normalise_digit([*ink, *ink]), expected)  # nor how often


@given(whole_strokes, st.integers(-(10**8), 10**8), st.integers(-(10**8), 10**8))
def test_position_changes_nothing(points: list[list[tuple[int, int]]], x: int, y: int) -> None:
    """Bit for bit, if the sum is not rounded."""
    moved = [[(a + x, b + y) for a, b in stroke] for stroke in points]
    assert np.array_equal(normalise_digit(make_ink(points)), normalise_digit(make_ink(moved)))


@given(whole_strokes, st.floats(0.001, 1000), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_scale_and_position_change_at_most_one_grey_level(
    points: list[list[tuple[int, int]]], unit: float, x: float, y: float
) -> None:
    """Coordinates have 53 bits, pixels 24: rounding is far below a grey level."""
    short = [stroke[:23] for stroke in points]  # longer ones are thinned by the length along the line, in steps
    moved = [[(a * unit + x * unit, b * unit + y * unit) for a, b in stroke] for stroke in short]
    assert is_alike(normalise_digit(make_ink(short)), normalise_digit(make_ink(moved)), 1)


@given(whole_strokes)
def test_direction_changes_at_most_one_grey_level(points: list[list[tuple[int, int]]]) -> None:
    short = [stroke[:23] for stroke in points]  # longer ones are thinned from their beginning
    turned = [stroke[::-1] for stroke in short]
    assert is_alike(normalise_digit(make_ink(short)), normalise_digit(make_ink(turned)), 1)


def exact_drawing(lines: list[NDArray[np.float64]], pen_width: float, width: int, height: int) -> NDArray[np.float64]:
    """Return the coverage computed pixel by pixel and segment by segment in Python floats."""
    image = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            pixel = complex(x + 0.5, y + 0.5)
            nearest = math.inf
            for line in lines:
                ends = [complex(*point) for point in line]
                for start, end in zip(ends, ends[1:] or ends, strict=False):
                    along = end - start
                    t = ((pixel - start) * along.conjugate()).real / abs(along) ** 2 if along else 0.0
                    nearest = min(nearest, abs(start + min(max(t, 0.0), 1.0) * along - pixel))
            image[y, x] = min(max(pen_width / 2 + 0.5 - nearest, 0.0), 1.0)
    return image


inside = st.floats(0, 12, width=32).map(lambda value: round(value * 64) / 64)
lines = st.lists(st.lists(st.tuples(inside, inside), min_size=1, max_size=8), min_size=1, max_size=3)


@given(lines, st.floats(0.5, 5), st.integers(1, 12), st.integers(1, 12))
def test_coverage_is_the_distance_to_the_line(
    points: list[list[tuple[float, float]]], pen_width: float, width: int, height: int
) -> None:
    given_ = [np.array(line, np.float32) for line in points]
    expected = exact_drawing([np.array(line, float) for line in points], pen_width, width, height)
    drawn = draw_strokes(given_, pen_width, width, height)
    assert drawn.shape == (height, width)
    assert drawn.dtype == np.float32
    assert np.abs(drawn - expected).max() < 2e-3  # half a grey level


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 1.0), st.integers(24, 80))
def test_thinning_moves_the_line_by_at_most_a_step(seed: int, pace: float, count: int) -> None:
    chance = np.random.default_rng(seed)
    line = np.clip(np.cumsum(chance.normal(0, pace, (count, 2)), axis=0) + 6, 0, 12).astype(np.float32)
    expected = exact_drawing([line.astype(float)], 2.0, 12, 12)
    drawn = draw_strokes([line], 2.0, 12, 12)
    assert np.abs(drawn - expected).max() <= STEP


def test_thinning_keeps_the_ends_of_a_stroke() -> None:
    ends = np.array([[1.0, 1.0], [11.0, 11.0]], np.float32)
    dense = np.linspace(ends[0], ends[1], 5000, dtype=np.float32)
    assert np.abs(draw_strokes([dense], 2.0, 12, 12) - draw_strokes([ends], 2.0, 12, 12)).max() < 2e-3
    thin = _thin(dense)
    assert len(thin) <= np.hypot(10, 10) / STEP + 2
    assert (thin[[0, -1]] == ends).all()
    assert (np.hypot(*np.diff(thin, axis=0).T) < 2 * STEP).all()
    assert [len(_thin(dense[:count])) for count in (1, 23)] == [1, 23]  # so few cost nothing
    assert len(_thin(dense[:24])) == 2
    apart = np.linspace([0, 0], [50, 0], 50, dtype=np.float32)  # further apart than a step: all are kept
    assert np.array_equal(_thin(apart), apart)


@pytest.mark.parametrize("pen_width", [1.0, 1.5, PEN_WIDTH, 4.0])
@pytest.mark.parametrize("turned", [False, True])
def test_a_line_is_as_wide_as_the_pen(pen_width: float, turned: bool) -> None:
    """The greys across a line with soft edges add up to its width."""
    cross = [[[0, 50], [100, 50]], [[50, 0], [50, 100]]]
    image = normalise_digit(make_ink(cross[::-1] if turned else cross), pen_width).astype(float) / 255
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert (len(rows), len(columns)) == (BOX, BOX)
    for across in (image[rows[3], :], image[:, columns[3]], image[rows[-4], :]):  # clear of the ends and of the middle
        assert across.sum() == pytest.approx(pen_width, abs=0.02)


def test_chunked_drawing_equals_drawing_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ink = make_ink(np.random.default_rng(3).uniform(0, 1, (5, 90, 2)))
    expected = normalise_digit(ink)
    for chunk in (1, 7, 10_000):
        monkeypatch.setattr("edge_app.recognition.normalise.CHUNK", chunk)
        assert np.array_equal(normalise_digit(ink), expected)


sides = st.integers(1, 30)
pictures = hnp.arrays(np.uint8, st.tuples(sides, sides), elements=st.integers(0, 255), fill=st.just(0))


@given(pictures)
def test_any_picture_stays_in_its_box_and_is_centred_by_mass(picture: NDArray[np.uint8]) -> None:
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        image = normalise_bitmap(picture)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.any() == picture.any()
    if picture.any():
        assert max(box_of_image(image)) <= 20
        assert is_centred(image, faint=3)
        assert image.max() == 255


@given(pictures, *[st.integers(0, 30)] * 4)
def test_margins_of_a_picture_change_nothing(
    picture: NDArray[np.uint8], above: int, below: int, left: int, right: int
) -> None:
    framed = np.pad(picture, ((above, below), (left, right)))
    assert np.array_equal(normalise_bitmap(framed), normalise_bitmap(picture))


@given(pictures.map(lambda picture: picture // 5), st.integers(2, 5))
def test_darkness_of_a_picture_changes_nothing(picture: NDArray[np.uint8], times: int) -> None:
    assert np.array_equal(normalise_bitmap(picture * np.uint8(times)), normalise_bitmap(picture))


def round_digit(size: int, thickness: float) -> NDArray[np.uint8]:
    """Return a ring with a horizontal bar, (size, size)."""
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    radius = (size - thickness) / 2
    ring = np.abs(np.hypot(x, y) - radius) <= thickness / 2
    return np.where(ring | ((np.abs(y) <= thickness / 2) & (np.abs(x) < radius)), 255, 0).astype(np.uint8)


@pytest.mark.parametrize("factor", [3, 10])
@pytest.mark.parametrize(("size", "grey"), [(40, 1), (60, 1), (100, 1), (57, 90), (111, 60)])
def test_enlarging_a_picture_does_not_change_the_image(size: int, grey: int, factor: int) -> None:
    """Exact to a grey level for whole factors; otherwise Pillow may gain or lose a pixel at the edge."""
    picture = round_digit(size, 0.12 * size)
    image = normalise_bitmap(picture)
    enlarged = normalise_bitmap(np.kron(picture, np.ones((factor, factor), np.uint8)))
    assert is_alike(image, enlarged, grey)


@given(pictures)
def test_a_rotated_picture_gives_the_rotated_image(picture: NDArray[np.uint8]) -> None:
    image = normalise_bitmap(picture)
    if image.any():
        assert is_alike(image, normalise_bitmap(np.ascontiguousarray(picture.T)).T, 2)  # Pillow rounds along the way


@pytest.mark.parametrize("size", [100, 161, 3000])
@pytest.mark.parametrize("thickness", [1, 2])
def test_a_hairline_becomes_as_thick_as_the_thinnest_mnist_line(size: int, thickness: int) -> None:
    picture = np.zeros((size, size), np.uint8)
    picture[:, size // 2 : size // 2 + thickness] = 255
    picture[:thickness] = picture[-thickness:] = 255
    across = normalise_bitmap(picture)[10:18].astype(float).sum(axis=1) / 255
    assert np.ptp(across) < 0.1
    assert 1.05 <= across.mean() <= 1.75  # a line of one pixel is all outline, and counts as two


@pytest.mark.parametrize("thickness", [3, 5, 7])
def test_a_thin_line_becomes_as_thick_as_the_thinnest_mnist_line(thickness: int) -> None:
    picture = np.zeros((100, 100), np.uint8)
    picture[:, 45 : 45 + thickness] = picture[:thickness] = picture[-thickness:] = 255
    across = normalise_bitmap(picture)[10:18].astype(float).sum(axis=1) / 255
    assert across == pytest.approx(1.6, abs=0.21)  # by a pixel of the picture on either side


@pytest.mark.parametrize("thickness", [8, 9, 12])
def test_thick_lines_are_not_thickened(thickness: int) -> None:
    picture = np.zeros((100, 100), np.uint8)
    picture[:, 45 : 45 + thickness] = picture[:thickness] = picture[-thickness:] = 255
    across = normalise_bitmap(picture)[10:18].astype(float).sum(axis=1) / 255
    assert across == pytest.approx(thickness / 5, abs=0.01)


@pytest.mark.parametrize(("halo", "is_line"), [(30, False), (99, False), (100, True), (150, True)])
def test_pixels_below_half_the_darkest_are_not_part_of_the_line_width(halo: int, is_line: bool) -> None:
    """A blurred hairline is still a hairline; a line with darker flanks is as wide as they are."""
    picture = np.zeros((100, 100), np.uint8)
    picture[:, 46:55] = picture[:9] = picture[-9:] = halo
    picture[:, 50] = picture[4] = picture[-5] = 200
    widened = np.count_nonzero(normalise_bitmap(picture)[14]) > 3  # 9 pixels of the picture lie in 2 or 3 columns
    assert widened != is_line


@pytest.mark.parametrize(("height", "width"), [(20, 1), (1, 20), (7, 3), (60, 30), (31, 200), (200, 31)])
def test_aspect_of_pictures_is_kept(height: int, width: int) -> None:
    longest = max(height, width)
    box = tuple(max(1, round(side * BOX / longest)) for side in (height, width))
    assert box_of_image(normalise_bitmap(np.full((height, width), 200, np.uint8))) == box


def test_small_pictures_are_enlarged_smoothly() -> None:
    picture = np.zeros((10, 10), np.uint8)
    picture[:, :5] = picture[0] = picture[-1] = 255
    assert len(np.unique(normalise_bitmap(picture))) > 5
    twice = np.kron(picture, np.ones((2, 2), np.uint8))
    assert np.unique(normalise_bitmap(twice)).tolist() == [0, 255]
    assert [picture.sum() * 4, 20] == [normalise_bitmap(twice).sum(), max(box_of_image(normalise_bitmap(twice)))]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 0)])
def test_an_empty_picture_is_blank_paper(shape: tuple[int, int]) -> None:
    assert not normalise_bitmap(np.zeros(shape, np.uint8)).any()


@pytest.mark.parametrize("grey", [255, 120])
def test_faint_blur_around_a_digit_is_not_part_of_its_box(grey: int) -> None:
    """FAINT is a fifth of the darkest ink: below it is blur."""
    picture = round_digit(60, 9) // 255 * grey
    blurred = np.pad(picture, 20, constant_values=grey // 5 - 1)
    assert np.array_equal(normalise_bitmap(np.pad(picture, 20)), normalise_bitmap(blurred))
    line = np.pad(picture, 20, constant_values=math.ceil(grey / 5))
    assert not np.array_equal(normalise_bitmap(np.pad(picture, 20)), normalise_bitmap(line))


@pytest.mark.data
@pytest.mark.parametrize("factor", [1, 5])
def test_normalising_mnist_again_changes_nothing(mnist: Mnist, factor: int) -> None:
    images = mnist.x_test[:2000]
    again = np.stack([normalise_bitmap(np.kron(image, np.ones((factor, factor), np.uint8))) for image in images])
    difference = np.abs(again.astype(int) - images.astype(int)).mean(axis=(1, 2))
    assert difference.mean() < 1.0
    # a digit whose mass lies half way between two pixels may land on the other one: rare
    assert (difference > 5).mean() < 0.08


@pytest.mark.data
@pytest.mark.parametrize("filter_", [Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
def test_enlarging_and_normalising_again_costs_no_accuracy(mnist: Mnist, filter_: Image.Resampling) -> None:
    """At most 0.1 points on the 10,000 test images, with any filter."""
    classifier = Classifier(load_model())
    right = classifier.logits(mnist.x_test).argmax(axis=1) == mnist.y_test
    again = np.stack(
        [normalise_bitmap(np.asarray(Image.fromarray(image).resize((140, 140), filter_))) for image in mnist.x_test]
    )
    right_again = classifier.logits(again).argmax(axis=1) == mnist.y_test
    assert right.mean() - right_again.mean() <= 0.001
    mirrored = classifier.logits(np.ascontiguousarray(again[:1000, :, ::-1])).argmax(axis=1) == mnist.y_test[:1000]
    assert mirrored.mean() < 0.7  # the measure notices a normalisation that is wrong
