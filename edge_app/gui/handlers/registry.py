"""The handler of each action."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from ..actions import Action, Name
from ..context import Context
from ..kiosk import visitor_may

Handler: TypeAlias = Callable[[Context, Any], None]
Handling = TypeVar("Handling", bound=Callable[..., None])

HANDLERS: dict[Name, Handler] = {}


def handles(name: Name) -> Callable[[Handling], Handling]:
    """Register a function as the handler of an action; it is called with the context and the action's value."""

    def register(handler: Handling) -> Handling:
        HANDLERS[name] = handler
        return handler

    return register


def dispatch(ctx: Context, action: Action) -> None:
    """Call the handler of an action, if a kiosk's visitors and an open question permit it."""
    question = ctx.state.question
    if (not ctx.state.settings.kiosk or visitor_may(action)) and (question is None or question.permits(action)):
        HANDLERS[action.name](ctx, action.value)
