"""Panels, the keyboard focus, and leaving."""

from ..actions import Action
from ..context import Context
from ..views.widgets import Widget
from .files import first_folder, folder
from .history import load_pages, typed
from .practice import practice
from .registry import dispatch, handles


@handles("open")
def open_panel(ctx: Context, name: str) -> None:
    """Open a panel, and load what it lists."""
    if not ctx.state.open_panel(name):
        return
    if name == "history":
        load_pages(ctx)
    elif name == "hand":
        ctx.state.examples = ctx.services.personalization.shown()
    elif name == "files":
        folder(ctx, str(first_folder(ctx)))


@handles("escape")
def escape(ctx: Context, _: None = None) -> None:
    """Close the panel on top, else leave the exercise or the question; on the bare pad Escape does nothing."""
    if ctx.state.panel:
        ctx.state.panels.pop()
    elif ctx.state.exercise:
        practice(ctx)
    elif ctx.state.question:
        leave(ctx)


@handles("turn")
def turn(ctx: Context, step: int) -> None:
    """Turn the page of a panel, if it has a button for that."""
    panel = ctx.state.panel
    if panel and Action("turn", step) in [widget.takes for widget in ctx.view.scene().card]:
        panel.page += step
        if panel.name == "history":
            load_pages(ctx)


@handles("focus")
def focus(ctx: Context, step: int) -> None:
    """Move the keyboard focus to the next widget."""
    state = ctx.state
    actions = list(dict.fromkeys(widget.takes for widget in _on_top(ctx) if widget.takes and not widget.hold))
    if actions:  # widgets with the same action count as one
        at = actions.index(state.focus) if state.focus in actions else -1 if step > 0 else 0
        state.focus = actions[(at + step) % len(actions)]
        state.focus_seen = True


@handles("press")
def press(ctx: Context, _: None = None) -> None:
    """Press the focused widget."""
    state = ctx.state
    focus, panel, before = state.focus, state.panel, [widget.takes for widget in _on_top(ctx)]
    if state.top_panel("keypad") and not state.focus_seen:
        typed(ctx)
        return
    if state.question and panel is None and not state.focus_seen:
        dispatch(ctx, Action("answer"))
        return
    if not state.focus_seen or focus is None or focus not in before:
        return
    dispatch(ctx, focus)
    after = [widget.takes for widget in _on_top(ctx)]
    if state.panel is panel and len(after) == len(before) and focus not in after:
        state.focus = after[before.index(focus)]  # a switch: its action has changed


def _on_top(ctx: Context) -> tuple[Widget, ...]:
    scene = ctx.view.scene()
    return scene.card or scene.widgets


@handles("quit")
def quit_window(ctx: Context, _: None = None) -> None:
    """Close the app; in a kiosk, only after a button was held, unless a script has asked."""
    if ctx.state.settings.kiosk and not ctx.state.question:
        ctx.state.open_panel("quit")
    else:
        leave(ctx)


@handles("leave")
def leave(ctx: Context, _: None = None) -> None:
    """Close the app."""
    ctx.state.running = False
