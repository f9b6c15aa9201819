"""Texts from outside on their way to a terminal, a log or a page: shown, never obeyed."""

import contextlib
import re
import sys

# Controls (a terminal obeys them), what turns or hides text (Unicode TR 36), line separators, and bytes of no text.
HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)


def escape(text: object) -> str:
    r"""Return a text as one line that says what it holds: \x1b, \n and \u202e for what would do something."""
    return HOSTILE.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text))


def print_error(text: object) -> None:
    """Print a line of digitpad's own on standard error, where there is one that has not been closed."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(f"digitpad: {escape(text)}", file=sys.stderr, flush=True)
