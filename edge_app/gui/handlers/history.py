"""Pages of the history, and learned examples."""

from ...errors import DigitpadError
from ...storage.paths import make_private_folder
from ..context import Context
from ..views.history import per_page
from ..views.parts import card_area, framed
from .files import show_ink
from .practice import make_room
from .registry import handles


@handles("entry")
def entry(ctx: Context, number: int) -> None:
    """Show one page of the history."""
    ctx.state.open_panel("entry", number)


@handles("restore")
def restore(ctx: Context, number: int) -> None:
    """Put a page of the history on the pad."""
    page = next((page for page in ctx.state.pages if page.id == number), None)
    if page is None:
        return
    ctx.state.close_panels()
    try:
        ink = page.ink
    except DigitpadError as error:
        ctx.notices.report(error)
        return
    make_room(ctx)
    if sheet := show_ink(ctx, ink):
        ctx.services.recorder.restored(sheet, number, ctx.state.pad.ink())
        ctx.reader.submit()


@handles("keypad")
def keypad(ctx: Context, _: int) -> None:
    """Open the keypad to correct a page."""
    ctx.state.open_panel("keypad", "")


@handles("backspace")
def backspace(ctx: Context, _: None = None) -> None:
    """Delete the last digit typed."""
    panel = ctx.state.top_panel("keypad")
    if panel:
        panel.value = str(panel.value or "")[:-1]


@handles("typed")
def typed(ctx: Context, _: None = None) -> None:
    """Store what was typed as the correction of the page shown beneath the keypad."""
    panels, store = ctx.state.panels, ctx.services.recorder.store
    if [panel.name for panel in panels[-2:]] == ["entry", "keypad"] and panels[-1].value:
        number, text = int(panels[-2].value or 0), str(panels.pop().value)
        ctx.notices.attempt(lambda: store.correct_page(number, text))
        load_pages(ctx)


@handles("delete")
def delete(ctx: Context, number: int) -> None:
    """Delete a page of the history."""
    recorder = ctx.services.recorder
    if ctx.notices.attempt(lambda: recorder.store.delete_page(number)):
        recorder.deleted(number)
    ctx.state.close_panel("entry")
    load_pages(ctx)


@handles("export")
def export(ctx: Context, _: None = None) -> None:
    """Export labelled ink for training."""
    services, tr = ctx.services, ctx.state.tr
    if services.folders is None:
        return
    path = services.folders.pictures / f"digitpad-{services.now():%Y%m%d-%H%M%S}.jsonl"

    def write() -> None:
        make_private_folder(path.parent)
        count = services.recorder.store.export(path)
        ctx.notices.show(tr("exported", count=count, path=path) if count else tr("examples_none"))

    ctx.notices.attempt(write)


@handles("forget")
def forget(ctx: Context, _: None = None) -> None:
    """Delete history and lessons."""
    services, personalization = ctx.services, ctx.services.personalization
    ctx.state.close_panels()
    left = services.forget_everything()
    services.recorder.forgotten(ctx.state.pad.newest)
    ctx.reader.update(lambda: personalization.attach(personalization.classifier))
    names = ", ".join(path.name for path in left)  # damaged files set aside earlier, which only the owner may delete
    ctx.notices.show(ctx.state.tr("forgotten") + (f" ({names})" if names else ""))
    ctx.reader.submit()


@handles("unlearn")
def unlearn(ctx: Context, number: int) -> None:
    """Forget one example."""
    personalization = ctx.services.personalization
    ctx.reader.update(lambda: personalization.remove(number))
    ctx.state.examples = personalization.shown()
    ctx.reader.submit()


def load_pages(ctx: Context) -> None:
    """Fetch the pages on the list's current page, if it is open."""
    state, recorder, metrics = ctx.state, ctx.services.recorder, ctx.view.metrics
    panel = next((panel for panel in reversed(state.panels) if panel.name == "history"), None)
    if panel is None:
        return
    recorder.flush()
    each = per_page(metrics, framed(state, "", metrics, card_area(metrics))[0])

    def load() -> None:
        state.page_count = recorder.store.count_pages()
        panel.page = min(panel.page, max(0, -(-state.page_count // each) - 1))
        state.pages = recorder.store.pages(each, panel.page * each)

    file = recorder.store.file_number
    if not ctx.notices.attempt(load) and recorder.store.file_number != file:
        ctx.notices.attempt(load)  # from the new file that replaced a lost one
