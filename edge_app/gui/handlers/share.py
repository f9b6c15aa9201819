"""Copy, speak and save what is on the pad."""

from ...recognition.model import REJECT
from ..context import Context
from .registry import handles


@handles("copy")
def copy(ctx: Context, _: None = None) -> None:
    """Copy the number to the clipboard."""
    text = ctx.state.reading.text  # keeps the ? of rejected ink: without it, the number would be another
    ctx.state.close_panel("menu")
    if text.strip(f"{REJECT}\n") and ctx.services.copy(text):
        ctx.notices.show(ctx.state.tr("copied", text=text.replace("\n", " ")))
    else:
        ctx.notices.show(ctx.state.tr("nothing_to_copy"))


@handles("speak")
def speak(ctx: Context, _: None = None) -> None:
    """Speak the number."""
    state, speaker = ctx.state, ctx.services.speaker
    state.close_panel("menu")
    if speaker and not speaker.say(state.reading.text, state.tr.code) and speaker.problem:
        ctx.notices.show(state.tr.fault(speaker.problem))


@handles("save")
def save(ctx: Context, _: None = None) -> None:
    """Save the pad as PNG, SVG and ink."""
    state, services, view = ctx.state, ctx.services, ctx.view
    state.close_panel("menu")
    if services.folders is None or state.picture is not None:
        return
    from ...datasets.export import save_pad  # not at import: it needs Pillow

    width, height = view.pad_size
    scale = view.viewport.scale
    size = round(width / scale), round(height / scale)
    paths = save_pad(services.folders.pictures, state.pad.ink(), size, state.reading, view.pen, services.now())
    ctx.notices.show(state.tr("saved", path=paths[0]))
