"""Escapes untrusted text for a terminal, a log or a page."""

import contextlib
import re
import sys

# Control characters, bidirectional controls and invisible characters (Unicode TR 36), line separators, surrogates.
HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)


def escape(text: object) -> str:
    r"""Return text as one line in which unsafe characters are escapes such as \x1b, \n and \u202e."""
    return HOSTILE.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text))


def print_error(text: object) -> None:
    """Print `digitpad: text` on standard error, if there is one and it is open."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            print(f"digitpad: {escape(text)}", file=sys.stderr, flush=True)
