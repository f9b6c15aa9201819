"""HTML that all parts of the page use."""

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TypeVar

from PIL import Image

from ....recognition.normalise import DigitImage

T = TypeVar("T")
NOT_MEASURED = "not measured"


def table(caption: str, items: Iterable[T], columns: Sequence[tuple[str, Callable[[T], str]]]) -> str:
    """Return a table with a row for each item; a column is its heading and what it shows, escaped here."""
    heads = "".join(f"<th scope='col'>{escape(head)}</th>" if head else "<td></td>" for head, _ in columns)
    rows = []
    for item in items:
        first, *cells = (escape(show(item)) for _, show in columns)
        rows.append(f"<tr><th scope='row'>{first}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return (
        f"<div class='scroll'><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def details(summary: str, content: str) -> str:
    """Return content that is folded away at first."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def data_uri(image: DigitImage) -> str:
    """Return a digit image as an embedded PNG, black on white."""
    file = io.BytesIO()
    Image.fromarray(255 - image).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
