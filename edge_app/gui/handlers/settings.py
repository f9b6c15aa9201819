"""Change settings."""

from dataclasses import replace
from typing import Any

from ...errors import DigitpadError
from ...i18n import available_languages, load_language
from ..context import Context
from .registry import handles


@handles("set")
def set_option(ctx: Context, change: tuple[str, Any]) -> None:
    """Change a setting and write it to the settings file."""
    name, value = change
    state, services = ctx.state, ctx.services
    state.settings = replace(state.settings, **{name: value})
    problems: list[str] = []
    if services.write_settings:
        try:
            problems += services.write_settings({name: value})
        except DigitpadError as error:
            problems.append(state.tr("saved_settings_not", reason=error))
    if name == "language":
        folder = services.folders.config / "languages" if services.folders else None
        state.tr, faults = load_language(value, folder)
        state.languages = available_languages(folder)
        problems += faults
    elif name == "history":
        state.keep_question = "none"  # it is answered
        problems += ctx.reader.update(lambda: services.keep_history(value == "on"))
        ctx.reader.submit()
    elif name == "layers":
        ctx.reader.submit_layers()
    elif name == "learn":
        ctx.reader.update(lambda: services.personalization.enable(value))
        ctx.reader.submit()
    for problem in problems:
        ctx.notices.report(problem)


def ask_to_keep(ctx: Context) -> None:
    """Show the question whether to keep pages, if it is open; not while a stroke is written, which it would move."""
    if ctx.state.keep_question == "later" and not ctx.state.pad.current:
        ctx.state.keep_question = "now"


@handles("fullscreen")
def fullscreen(ctx: Context, _: None = None) -> None:
    """Toggle full screen."""
    ctx.state.close_panel("menu")
    set_option(ctx, ("fullscreen", not ctx.state.settings.fullscreen))
