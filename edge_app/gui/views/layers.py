"""The network's layers for the digit written last: a tile each beside the pad, and a panel that says what each does."""

from collections.abc import Sequence

from ...recognition.normalise import SIZE
from ..actions import Action
from ..layer_maps import Maps
from ..state import Panel, State
from .layout import Area, Layout, Metrics, cells
from .parts import foot, turner
from .widgets import Tone, Widget

WHOLE = 4  # rows and columns of maps that each see most of the image
CAPTIONED = 5  # times the text's size: the least width of a tile with float and difference beside it


def layers_strip(state: State, layout: Layout, metrics: Metrics) -> list[Widget]:
    """Return the tiles from the image to the answer, beside a wide pad or below a tall one."""
    area, layers = layout.layers, state.layers
    if area is None:
        return []
    if not layers:
        return [Widget(area, "text", text=state.tr("sees"), tone="quiet")]
    down = area.height > area.width
    rooms = cells(area, 1 if down else len(layers), len(layers) if down else 1, metrics.margin)
    roomy = down and area.width >= 3 * CAPTIONED * metrics.text
    return [
        tile
        for number, (room, maps) in enumerate(zip(rooms, layers, strict=True))
        for tile in _tiles(state, number, maps, room, metrics, Action("layer", number), beside=roomy)
    ]


def layers_panel(state: State, panel: Panel, metrics: Metrics, body: Area) -> Sequence[Widget]:
    """Return one layer with a sentence on it, and the buttons to the next."""
    if not state.layers:
        return [Widget(body, "text", text=state.tr("hint"))]
    number = min(max(panel.page, 0), len(state.layers) - 1)
    rest, _ = foot(body, metrics)
    high = min(4 * metrics.text, rest.height // 3)
    upper = rest._replace(height=rest.height - high - metrics.margin)
    said = Area(rest.left, upper.bottom + metrics.margin, rest.width, high)
    return [
        *_tiles(state, number, state.layers[number], upper, metrics, None, beside=True),
        Widget(said, "text", text=_sentence(state, number)),
        *turner(state, number, len(state.layers), metrics, body),
    ]


def _tiles(
    state: State, number: int, maps: Maps, area: Area, metrics: Metrics, action: Action | None, *, beside: bool
) -> list[Widget]:
    """Return a layer's tile; where there is room, and a float network, its tile and the difference beside it."""
    count, height, width = maps.shape
    size = (
        f"{count} × {height}×{width}" if count > 1 and height > 1 else f"{height}×{width}" if height > 1 else str(count)
    )

    def tile(room: Area, note: str, image: bytes, tone: Tone) -> Widget:
        return Widget(room, "maps", action, text=maps.names, note=note, image=image, shape=maps.shape, tone=tone)

    if not (beside and maps.reference):
        return [tile(area, size, maps.own, "normal" if number == 0 else "accent")]
    own, reference, difference = cells(area, 3, 1, metrics.margin)
    return [
        tile(own, f"int8  {size}", maps.own, "accent"),
        tile(reference, "float32", maps.reference, "accent"),
        tile(difference, state.tr("up_to", share=state.tr.percent(maps.off)), maps.difference, "rejected"),
    ]


def _sentence(state: State, number: int) -> str:
    last = len(state.layers) - 1
    count, height, width = state.layers[number].shape
    if number == 0:
        return state.tr("layer_image", size=f"{SIZE}×{SIZE}")
    if number == last:
        return state.tr("layer_answer")
    key = "layer_edges" if number == 1 else "layer_whole" if number == last - 1 and height <= WHOLE else "layer_parts"
    return state.tr(key, count=count, size=f"{height}×{width}")
