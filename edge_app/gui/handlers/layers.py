"""The layers view: beside the pad, or on a panel where there is no room."""

from ..context import Context
from .registry import handles
from .settings import set_option


@handles("layers")
def layers(ctx: Context, _: None = None) -> None:
    """Show or hide the layers beside the pad; in a small window, open their panel."""
    state = ctx.state
    state.close_panel("menu")
    if ctx.view.has_room_for_layers:
        set_option(ctx, ("layers", not state.settings.layers))
    elif state.open_panel("layers"):
        ctx.reader.submit_layers()


@handles("layer")
def layer(ctx: Context, number: int) -> None:
    """Open the panel of one layer."""
    if ctx.state.open_panel("layers") and ctx.state.panel:
        ctx.state.panel.page = number
