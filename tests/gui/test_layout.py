"""The layout: at every size, density and setting, targets are large enough and nothing overlaps."""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

from edge_app.datasets.file_listing import Entry
from edge_app.gui.state import Exercise, Panel, State
from edge_app.gui.views import PANELS
from edge_app.gui.views.history import per_page
from edge_app.gui.views.layout import TARGET, TEXT_SIZES, Area, Metrics, arrange, fit_viewport, measure, split_strip
from edge_app.gui.views.parts import card_area, framed
from edge_app.gui.views.screen import Scene, layout_of, make_scene
from edge_app.gui.views.widgets import Widget
from edge_app.i18n import available_languages, load_language
from edge_app.personal.practice import Practice
from edge_app.recognition.results import Candidate, Digit, Reading
from edge_app.storage.history import StoredPage
from edge_app.storage.settings import Settings

from ..support.pilot import SIZES

DENSITIES = (0.0, 96.0, 165.0, 330.0)
MM = 9.0
MANY = 40  # items in a list
SAY, _ = load_language("en")
LANGUAGES = available_languages()


def digit_at(left: float) -> Digit:
    image = np.zeros((28, 28), np.uint8)
    return Digit("7", 0.5, (("1", 0.3), ("4", 0.1)), (left, 10.0, left + 20, 60.0), (0,), image=image)


def state_of(settings: Settings, *, comparing: bool = False, practising: bool = False, asking: bool = False) -> State:
    """A state in which every panel has as much to show as it can get."""
    state = State(settings, SAY, LANGUAGES, comparing=comparing, can_speak=True)
    state.reading = Reading((digit_at(10), digit_at(40), digit_at(70)))
    state.reading = replace(state.reading, candidates=(Candidate(state.reading.digits, ("7",) * 9, 0.1),) * 3)
    state.read_page = state.pad.page
    state.keep_question = "now" if asking else "none"
    state.exercise = Exercise(Practice(random.Random(1))) if practising else None
    state.examples = [(i, "7", bytes(784), i % 2 == 0) for i in range(MANY)]
    state.folder = Path("/home/pi/Pictures")
    state.entries = [Entry(f"picture {i}.png", state.folder / f"{i}.png", False) for i in range(MANY)]
    return state


def scene_of(state: State, metrics: Metrics, panel: str | None, page: int = 0) -> Scene:
    state.panels = [Panel(panel, 1 if panel in ("digit", "entry") else None, page)] if panel else []
    if panel in ("history", "entry"):
        body, _ = framed(state, "", metrics, card_area(metrics))
        each = per_page(metrics, body)
        state.page_count = MANY
        numbers = range(page * each + 1, min(MANY, (page + 1) * each) + 1)
        state.pages = [StoredPage(i, "2026-01-02T03:04:05+00:00", "1995", None, 0.9, "", "", "") for i in numbers]
    layout = layout_of(state, metrics)
    return make_scene(state, metrics, fit_viewport(layout.pad, (layout.pad.width, layout.pad.height)))


def overlaps(areas: list[Area]) -> list[tuple[Area, Area]]:
    return [
        (one, other)
        for one, other in combinations(areas, 2)
        if one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
    ]


def is_inside(area: Area, whole: Area) -> bool:
    return whole.left <= area.left < area.right <= whole.right and whole.top <= area.top < area.bottom <= whole.bottom


def faults_of(widgets: tuple[Widget, ...], whole: Area, least: int) -> list[str]:
    """What is wrong with widgets that share a screen or a card."""
    found = [f"outside: {widget}" for widget in widgets if not is_inside(widget.area, whole)]
    found += [f"overlap: {pair}" for pair in overlaps([widget.area for widget in widgets])]
    pressed = [widget for widget in widgets if widget.action]
    return found + [f"small: {widget}" for widget in pressed if min(widget.area.width, widget.area.height) < least]


def every_metrics(size: tuple[int, int]) -> Iterator[tuple[Metrics, str, float]]:
    for text_size, density in product(TEXT_SIZES, DENSITIES):
        yield measure(*size, density=density, target_mm=MM, text_size=text_size), text_size, density


def faults_on(size: tuple[int, int], panel: str | None) -> list[str]:
    found = []
    modes = list(product((False, True), repeat=4))[: None if panel is None else 1]  # a card is the same in all modes
    for metrics, text_size, density in every_metrics(size):
        for left_handed, comparing, practising, asking in modes:
            settings = Settings(left_handed=left_handed, text_size=text_size)  # type: ignore[arg-type]
            scene = scene_of(
                state_of(settings, comparing=comparing, practising=practising, asking=asking), metrics, panel
            )
            said = f"{text_size} {density} {left_handed=} {comparing=} {practising=} {asking=}"
            widgets, whole = (scene.card[1:], scene.card[0].area) if scene.card else (scene.widgets, metrics.whole)
            found += [f"{said}: {fault}" for fault in faults_of(widgets, whole, TARGET)]
            if scene.card:
                assert is_inside(whole, metrics.whole)
            else:
                found += [f"{said}: pad {pair}" for pair in overlaps([scene.layout.pad, *(w.area for w in widgets)])]
    return found


def test_layout_errors_are_detected() -> None:
    whole = Area(0, 0, 100, 100)
    fine, near, small, out = Area(0, 0, 50, 50), Area(49, 49, 50, 50), Area(60, 0, 43, 44), Area(60, 60, 50, 40)
    assert faults_of((Widget(fine, "text"),), whole, TARGET) == []
    assert overlaps([fine, near, Area(50, 0, 10, 10)]) == [(fine, near)]
    action = scene_of(state_of(Settings()), measure(800, 480), None).widgets[-1].action
    assert [fault[:5] for fault in faults_of((Widget(small, "tool", action),), whole, TARGET)] == ["outsi", "small"]
    assert not is_inside(out, whole)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("panel", [None, *PANELS])
def test_widgets_are_inside_do_not_overlap_and_are_large_enough(size: tuple[int, int], panel: str | None) -> None:
    assert faults_on(size, panel) == []


@pytest.mark.parametrize("size", SIZES)
def test_targets_are_nine_millimetres_if_the_window_allows(size: tuple[int, int]) -> None:
    allowed = 0
    for metrics, text_size, density in every_metrics(size):
        wanted = round(MM / 25.4 * density)
        assert metrics.unit >= min(wanted, (min(size) - 20) // 5)
        if wanted > metrics.unit:
            continue
        allowed += 1
        state = state_of(Settings(text_size=text_size))  # type: ignore[arg-type]
        for panel in (None, *PANELS):
            scene = scene_of(state, metrics, panel)
            found = faults_of(scene.card[1:] or scene.widgets, metrics.whole, max(wanted, TARGET))
            assert found == [], (panel, text_size, density)
    assert allowed >= 6


@pytest.mark.parametrize(("density", "unit"), [(0, TARGET), (20, TARGET), (165, 58), (5000, TARGET)])
def test_an_implausible_density_is_ignored(density: float, unit: int) -> None:
    assert measure(800, 480, density=density).unit == unit


@pytest.mark.parametrize("size", SIZES)
def test_the_pad_has_most_of_the_window(size: tuple[int, int]) -> None:
    for metrics, text_size, density in every_metrics(size):
        pad = arrange(metrics).pad
        share = pad.width * pad.height / (size[0] * size[1])
        assert share >= 0.45, (text_size, density)


LISTS = {"menu": 16, "hand": MANY, "files": MANY + 1, "settings": 11, "keys": 19, "history": MANY}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("panel", LISTS)
def test_every_item_of_a_panel_is_on_one_of_its_pages(size: tuple[int, int], panel: str) -> None:
    for metrics, text_size, density in every_metrics(size):
        state = state_of(Settings(text_size=text_size))  # type: ignore[arg-type]
        listed: list[object] = []
        for page in range(2 * MANY):
            scene = scene_of(state, metrics, panel, page)
            listed += [
                (widget.action, widget.text)
                for widget in scene.card
                if widget.kind in ("row", "button", "image")
                and not (widget.action and (widget.action.name in ("set", "export") and panel != "settings"))
                and not (widget.action and widget.action.value == "forget")
            ]
            forward = [widget for widget in scene.card if widget.takes and widget.takes.value == 1]
            if not [widget for widget in forward if widget.takes and widget.takes.name == "turn"]:
                break
        assert len(listed) == len(set(listed)) == LISTS[panel], (text_size, density)


@pytest.mark.parametrize("size", SIZES)
def test_left_handed_only_mirrors_the_layout(size: tuple[int, int]) -> None:
    metrics = measure(*size)
    right, left = arrange(metrics), arrange(metrics, left_handed=True)
    assert (left.pad.width, left.pad.height, left.pen) == (right.pad.width, right.pad.height, right.pen)
    mirrored = [area._replace(left=metrics.width - area.right) for area in left.buttons]
    assert sorted(mirrored) == sorted(right.buttons)


@pytest.mark.parametrize("size", SIZES)
def test_the_compare_strip_is_split_and_the_pad_stays_large(size: tuple[int, int]) -> None:
    metrics = measure(*size)
    layout = arrange(metrics, comparing=True)
    left, mark, right = split_strip(layout.reading)
    assert left.width == right.width
    assert (left.left, left.right, mark.right, right.right) == (
        layout.reading.left,
        mark.left,
        right.left,
        layout.reading.right,
    )
    assert mark.width >= 40
    assert layout.buttons == arrange(metrics).buttons
    assert layout.pad.width * layout.pad.height >= 0.45 * size[0] * size[1]


def test_ink_and_window_positions_are_inverse() -> None:
    viewport = fit_viewport(arrange(measure(480, 320)).pad, (700, 300))
    assert viewport.to_ink(*viewport.to_window(123.0, 45.0)) == pytest.approx((123.0, 45.0))


@pytest.mark.parametrize("size", [(20, 20), (200, 47), (47, 300), (1, 1)])
def test_a_tiny_window_is_laid_out(size: tuple[int, int]) -> None:
    for metrics, _, _ in every_metrics(size):
        for left_handed, comparing, practising in product((False, True), repeat=3):
            state = state_of(Settings(left_handed=left_handed), comparing=comparing, practising=practising)
            layout = scene_of(state, metrics, None).layout
            assert layout.buttons
            assert layout.pen >= 3
        for panel in PANELS:
            assert scene_of(state_of(Settings()), metrics, panel).card
