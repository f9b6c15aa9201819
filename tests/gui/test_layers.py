"""The layers view: real tensors of the digit written last, beside the pad or on a panel."""

from itertools import combinations

import numpy as np
import pygame
import pytest

from edge_app.errors import ModelError
from edge_app.gui.layer_maps import BRIGHTEST, MapReader, Maps
from edge_app.gui.side_by_side import Comparison
from edge_app.gui.views.widgets import Widget
from edge_app.recognition.recognizer import Recognizer

from ..support.fakes import fixed
from ..support.pilot import SIZES, Pilot

SMALL = (320, 240)


def no_float() -> Comparison:
    def fail() -> Recognizer:
        raise ModelError("digits_float.tflite: not found")

    comparison = Comparison(fail)
    comparison.log = lambda _: None
    return comparison


def tiles(pilot: Pilot) -> list[Widget]:
    return [widget for widget in pilot.app.ctx.view.scene().widgets if widget.kind == "maps"]


def levels(values: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> list[int]:
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    return np.rint((values - low) / (high - low) * BRIGHTEST).astype(int).tolist()


def test_the_key_shows_what_the_network_computes_and_hides_it_again(recognizer: Recognizer) -> None:
    pilot = Pilot(recognizer, comparison=no_float())
    pilot.write(4)
    assert tiles(pilot) == []
    pilot.key(pygame.K_F3)
    assert pilot.settings_written == [{"layers": True}]
    seen, *layers, answer = pilot.state.layers
    image = pilot.state.reading.digits[-1].image
    assert image is not None
    assert np.abs(np.frombuffer(seen.own, np.uint8) - image.ravel() * (BRIGHTEST / 255)).max() <= 0.5
    # another interpreter's logits, with XNNPACK where the runtime has it: that differs by a few units
    expected = levels(recognizer.classifier.logits(image[None])[0])
    assert np.abs(np.array(expected) - list(answer.own)).max() <= 0.05 * BRIGHTEST
    assert answer.names[answer.own.index(BRIGHTEST)] == "6"
    assert len(layers) >= 2
    assert all(max(maps.own) == BRIGHTEST for maps in layers)
    assert [tile.image for tile in tiles(pilot)] == [maps.own for maps in pilot.state.layers]
    pilot.key(pygame.K_F3)
    assert tiles(pilot) == []


def test_the_layers_follow_the_pen(recognizer: Recognizer) -> None:
    pilot = Pilot(recognizer, layers=True, comparison=no_float())
    stroke = pilot.strokes_of(4)[0]
    pilot.pen_down(stroke[: len(stroke) // 2])
    assert pilot.state.pad.current
    before = pilot.state.layers
    assert before
    assert [tile.image for tile in tiles(pilot)] == [maps.own for maps in before]
    pilot.pen_down(stroke)
    assert pilot.state.layers != before
    pilot.do("clear")
    assert pilot.state.layers == ()


def test_float_is_shown_with_its_difference(recognizer: Recognizer) -> None:
    pilot = Pilot(recognizer, (1920, 1080), layers=True)
    pilot.write(4)
    answer = pilot.state.layers[-1]
    own, reference = (np.frombuffer(side, np.uint8).astype(int) for side in (answer.own, answer.reference))
    assert 0 < answer.off < 0.2
    assert abs(np.abs(own - reference).max() - answer.off * BRIGHTEST) <= 1
    assert np.frombuffer(answer.difference, np.uint8).argmax() in np.flatnonzero(
        np.abs(own - reference) >= np.abs(own - reference).max() - 1
    )
    assert len(tiles(pilot)) == 1 + 3 * (len(pilot.state.layers) - 1)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_a_small_window_has_a_panel_with_a_sentence_for_each_layer(recognizer: Recognizer, language: str) -> None:
    pilot = Pilot(recognizer, SMALL, language=language, comparison=no_float())
    pilot.write(4)
    pilot.key(pygame.K_F3)
    assert pilot.settings_written == []
    sentences = []
    for number in range(len(pilot.state.layers)):
        card = pilot.app.ctx.view.scene().card
        assert [widget.image for widget in card if widget.kind == "maps"] == [pilot.state.layers[number].own]
        sentences += [widget.text for widget in card if widget.kind == "text"]
        pilot.key(pygame.K_PAGEDOWN)
    assert len(set(sentences)) == len(pilot.state.layers)


def test_a_tile_opens_the_panel_of_its_layer(recognizer: Recognizer) -> None:
    pilot = Pilot(recognizer, layers=True, comparison=no_float())
    pilot.write(4)
    pilot.press("layer", 2)
    shown = [widget for widget in pilot.app.ctx.view.scene().card if widget.kind == "maps"]
    assert [widget.image for widget in shown] == [pilot.state.layers[2].own]


def test_exercises_hide_the_layers(recognizer: Recognizer) -> None:
    pilot = Pilot(recognizer, layers=True, comparison=no_float())
    pilot.do("practice")
    assert pilot.app.ctx.view.layout.layers is None
    pilot.do("practice")
    assert pilot.app.ctx.view.layout.layers is not None


def test_a_network_that_cannot_be_traced_is_reported_once() -> None:
    pilot = Pilot(fixed(7), layers=True, comparison=no_float())
    pilot.write(4)
    pilot.write(3)
    assert [note for note in pilot.notes if "operators" in note] == ["fake does not list the operators"]
    assert len(pilot.state.layers) == 1


def test_another_network_has_no_difference(recognizer: Recognizer) -> None:
    image = np.diag(np.full(28, 255, np.uint8))
    reader = MapReader(no_float())
    shown = reader.read(recognizer.classifier, image)
    assert {(maps.reference, maps.difference, maps.off) for maps in shown} == {(b"", b"", 0.0)}
    assert shown[0] == Maps(
        (1, 28, 28), bytes(BRIGHTEST * (row == column) for row in range(28) for column in range(28))
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("left_handed", [False, True])
def test_tiles_fit_beside_the_pad(recognizer: Recognizer, size: tuple[int, int], left_handed: bool) -> None:
    pilot = Pilot(recognizer, size, layers=True, left_handed=left_handed)
    pilot.write(4)
    layout, shown = pilot.app.ctx.view.layout, tiles(pilot)
    assert bool(shown) == (layout.layers is not None) == (size[0] >= 700)
    areas = [
        pygame.Rect(area) for area in (layout.pad, layout.reading, *layout.buttons, *(tile.area for tile in shown))
    ]
    assert not [pair for pair in combinations(areas, 2) if pair[0].colliderect(pair[1])]
    assert all(pygame.Rect(0, 0, *size).contains(area) for area in areas)
    assert all(min(tile.area.width, tile.area.height) >= 44 for tile in shown)
