"""Plots as inline SVG: text in the page's own colours, so they are right in light and dark, and a title each."""

import math
from collections.abc import Sequence
from html import escape

from .markup import NOT_MEASURED

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 24, 40
FITS = 22  # letters beside a bar
LEFT_OF = 'class="axis end mid"'


def bars(title: str, names: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], unit: str) -> str:
    """Return horizontal bars, a group a name and a bar a series, with the value beside each; none for None."""
    step, gap, label, head = 18, 12, 150, 0
    if max(map(len, names)) > FITS:  # long names stand above their bars
        label, head = 8, 18
    most = max((value for _, values in series for value in values if value), default=1.0)
    height = TOP + len(names) * (len(series) * step + gap + head) + 4
    room = WIDTH - label - 90
    parts = []
    y = TOP
    for i, name in enumerate(names):
        middle = y + len(series) * step / 2
        place = f'x="{label}" y="{y + 8}" class="axis mid"' if head else f'x="{label - 8}" y="{middle:.0f}" {LEFT_OF}'
        parts.append(f"<text {place}>{escape(name)}</text>")
        y += head
        for number, (_, values) in enumerate(series):
            value = values[i]
            wide = room * (value or 0) / most
            parts.append(
                f'<rect x="{label}" y="{y + 2}" width="{wide:.1f}" height="{step - 4}" class="s{number % 4}"/>'
            )
            place = f'x="{label + wide + 6:.1f}" y="{y + step / 2:.0f}"'
            shown = NOT_MEASURED if value is None else f"{value:.4g} {unit}"
            parts.append(f'<text {place} class="axis mid">{shown}</text>')
            y += step
        y += gap
    return _figure(title, parts, height, [name for name, _ in series])


def reliability(title: str, series: Sequence[tuple[str, Sequence[tuple[float, float, int]]]]) -> str:
    """Return accuracy over confidence, both 0 to 1, beside the diagonal of honesty.

    A mark's area grows with the logarithm of its count: a bin of three samples must not look like one of a thousand.
    """
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> str:
        return f"{LEFT + wide * x:.1f},{TOP + high * (1 - y):.1f}"

    parts = [f'<polyline points="{at(0, 0)} {at(1, 1)}" class="guide"/>']
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = at(tick, tick).split(",")
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" class="axis middle">{tick:.0%}</text>')
        parts.append(f'<text x="{LEFT - 8}" y="{y}" class="axis end mid">{tick:.0%}</text>')
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" class="grid"/>')
    parts.append(f'<text x="{LEFT + wide / 2}" y="{HEIGHT - 4}" class="axis middle">confidence</text>')
    parts.append(f'<text x="{LEFT - 8}" y="12" class="axis end">accuracy</text>')
    for number, (_, points) in enumerate(series):
        line = " ".join(at(x, y) for x, y, _ in points)
        parts.append(f'<polyline points="{line}" class="l{number % 4}"/>')
        marks = ((*at(x, y).split(","), 2 + 2 * math.sqrt(math.log(n))) for x, y, n in points)
        parts += [f'<circle cx="{x}" cy="{y}" r="{r:.1f}" class="m{number % 4}"/>' for x, y, r in marks]
    return _figure(title, parts, HEIGHT, [name for name, _ in series])


def _figure(title: str, parts: Sequence[str], height: float, names: Sequence[str]) -> str:
    """Return the drawing with its title for those who hear it, and a legend below."""
    drawing = (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
    keys = "".join(f'<span><i class="k{i % 4}"></i>{escape(name)}</span>' for i, name in enumerate(names))
    return f"<figure>{drawing}<figcaption>{escape(title)} <span class='legend'>{keys}</span></figcaption></figure>"
