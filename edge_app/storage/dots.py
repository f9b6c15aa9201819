"""Keys of TOML that are tables within tables, refused before they are read."""

import re

DEEPEST = 50  # dots in one line; settings have none


def refuse_many_dots(text: str) -> None:
    """Raise ValueError for a line with a key of very many dots: Python's own reader takes 9 s for 60 KB of them."""
    for line in text.splitlines():
        if not line.lstrip().startswith("#") and len(re.findall(r"\.[^.]", line)) > DEEPEST:
            raise ValueError("nested too deep")
