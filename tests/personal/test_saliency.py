"""The occlusion map of a network that depends on one pixel, and of the bundled one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.personal.saliency import PATCH, occlusion_map
from edge_app.recognition.classifier import Classifier
from edge_app.recognition.ink import make_ink
from edge_app.recognition.normalise import normalise_digit
from edge_app.recognition.recognizer import Recognizer

from ..support.fakes import FakeInterpreter, fake_model, fake_runtime

SEVEN = normalise_digit(make_ink([[[0, 0], [60, 0], [25, 100]]]))


class Counting(FakeInterpreter):
    """Counts its runs."""

    runs = 0

    def invoke(self) -> None:
        self.runs += 1
        super().invoke()


def fake(interpreter: FakeInterpreter | None = None) -> Classifier:
    return Classifier(fake_model(), fake_runtime(interpreter or FakeInterpreter()))


def written_in_the_corner(digit: int) -> NDArray[np.uint8]:
    image = np.zeros((28, 28), np.uint8)
    image[:, ::3] = 200  # ink everywhere, which this network does not look at
    image[0, 0] = digit * 10 + 5
    return image


def test_only_patches_over_the_deciding_pixel_matter() -> None:
    heat = occlusion_map(fake(), written_in_the_corner(3), "3")
    one = np.zeros((28, 28), bool)
    one[:PATCH, :PATCH] = True
    assert ((heat > 0) == one).all()
    assert heat.dtype == np.float32
    assert heat.max() == heat[0, 0] == 1


def slow_map(classifier: Classifier, image: NDArray[np.uint8], digit: str, patch: int) -> NDArray[np.float64]:
    """Return the map by its definition, patch by patch and pixel by pixel."""

    def lead(picture: NDArray[np.uint8]) -> float:
        row = dict(zip(classifier.model.classes, classifier.logits(picture[None])[0].tolist(), strict=True))
        return row.pop(digit) - max(row.values())

    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    places = range(28 - patch + 1)
    for top in places:
        for left in places:
            covered = image.copy()
            covered[top : top + patch, left : left + patch] = 0
            total[top : top + patch, left : left + patch] += max(lead(image) - lead(covered), 0)
            count[top : top + patch, left : left + patch] += 1
    mean = total / count
    return mean / mean.max()


def test_map_equals_its_definition(recognizer: Recognizer) -> None:
    expected = slow_map(recognizer.classifier, SEVEN, "7", 3)
    heat = occlusion_map(recognizer.classifier, SEVEN, "7")
    assert np.abs(heat - expected).max() < 1e-5
    assert np.abs(heat.T - expected).max() > 0.2  # the measure tells rows from columns


def test_ink_matters_more_than_paper(recognizer: Recognizer) -> None:
    heat = occlusion_map(recognizer.classifier, SEVEN, "7")
    far = np.ones((28, 28), bool)
    for row, column in np.argwhere(SEVEN > 0):
        far[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = False
    assert heat[SEVEN > 127].mean() > 2 * heat[SEVEN == 0].mean()
    assert not heat[far].any()
    assert far.sum() > 100


def test_a_class_that_only_gains_has_an_empty_map() -> None:
    assert not occlusion_map(fake(), written_in_the_corner(3), "0").any()
    with pytest.raises(ValueError, match="x"):
        occlusion_map(fake(), written_in_the_corner(3), "x")


def test_blank_paper_has_an_empty_map_without_inference() -> None:
    counting = Counting()
    heat = occlusion_map(fake(counting), np.zeros((28, 28), np.uint8), "3")
    assert heat.tolist() == np.zeros((28, 28)).tolist()
    assert heat.dtype == np.float32
    assert counting.runs == 0


def test_only_patches_with_ink_are_run() -> None:
    counting, image = Counting(), np.zeros((28, 28), np.uint8)
    image[0, 0] = 35
    occlusion_map(fake(counting), image, "3")
    assert counting.runs == 2  # as it is, and with the only patch over its ink
    counting.runs = 0
    occlusion_map(fake(counting), written_in_the_corner(3), "3")
    assert counting.runs == 1 + 26 * 26
