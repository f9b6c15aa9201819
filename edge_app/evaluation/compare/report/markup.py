"""The pieces of HTML that every part of the page is made of."""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

from PIL import Image

from ....recognition.normalise import DigitImage

NOT_MEASURED = "not measured"


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with a caption, its first column as row headings; cells are escaped here."""
    heads = "".join(f"<th scope='col'>{escape(cell)}</th>" if cell else "<td></td>" for cell in head)
    body = "".join(
        f"<tr><th scope='row'>{escape(first)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for first, *cells in rows
    )
    return (
        f"<div class='scroll'><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def data_uri(image: DigitImage) -> str:
    """Return a digit image as a PNG within the page, ink on paper."""
    file = io.BytesIO()
    Image.fromarray(255 - image).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
