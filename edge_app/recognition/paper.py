"""Ink told from paper: light, texture, rules, rims and specks taken out of a picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .components import Mask, Pieces, measure

Grey = NDArray[np.float32]
"""(height, width) float32 from 0, black, to 255, white."""

Light = NDArray[np.float32]
"""(height, width) or, of three colours, (height, width, 3) float32 from 0 to 255."""

SMALL = 256  # pixels of the longest side where the paper's light is measured
THICKEST = 0.35  # of the longest side: a wider dark field is light or table, not a line of a digit
COLOUR = 0.8  # of a colour's contrast counts beside that of grey: red, green, blue are noisier
DARK = 0.5  # of the paper's level: a darker place may be a table
LOW, NOISE = 14.0, 5.0  # of 255, and in standard deviations: less contrast is no ink
FAINTEST = 0.4  # of the typical line's contrast: fainter pieces are rules, ghosts or texture
BLOCK = 0.1  # of the longest side: the side of a block in which noise is measured
WIDTHS = 8  # of a line: a dark field that is wider is no line
LONG = 0.5  # of the picture's width: a shorter line is no rule
STRIPS = 64  # of the page, in each of which a rule is nearly level
STEEP = np.linspace(-0.12, 0.12, 33)  # slopes of rules: 7 degrees
POINTS = 500  # of a rule, through which its curve is drawn
FULL = 0.7  # of a rule is seen between the digits on it
DARKER = 1.4  # of a rule's contrast: a pen
SLENDER = 15  # lengths of a rule in its widths
OWN = 0.4  # of a piece's own contrast: its lines end there


def spread(grey: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the maximum of `size` neighbours (odd) along each row, by doubling; the rim repeats."""
    out = np.pad(grey, ((0, 0), (size // 2, size // 2)), mode="edge")
    done = 1
    while done < size:
        step = min(done, size - done)
        out = np.maximum(out[:, :-step], out[:, step:])
        done += step
    return out


def close_gaps(grey: Grey, size: int) -> Grey:
    """Return `grey` without dark features narrower than `size` (odd): a closing by a square (Serra, 1982).

    Shadows and tables that are wider keep their edges, and so does what the rim cuts off, which may go on beyond it.
    """
    page = np.pad(grey, size - 1, mode="edge")
    page = spread(spread(page, size).T, size).T
    page = -spread(spread(-page, size).T, size).T
    return page[size - 1 : len(page) - size + 1, size - 1 : page.shape[1] - size + 1]


def light_of(grey: Grey, size: float) -> Grey:
    """Return the level of the paper behind dark ink at each pixel; lines are narrower than `size` pixels."""
    from PIL import Image

    factor = max(1, -(-max(grey.shape) // SMALL))
    page = Image.fromarray(grey)
    small = np.asarray(page.reduce(factor) if factor > 1 else page)
    paper = close_gaps(small, 2 * int(size / factor / 2) + 1)
    paper = -grow(-paper, 1)  # where a sheet ends on a table, its last pixels belong to the table
    return np.asarray(Image.fromarray(paper).resize(page.size, Image.Resampling.BILINEAR))


def contrast_of(page: Light, size: float) -> tuple[Grey, Mask]:
    """Return how much darker than paper each pixel is, and where it lies in the dark, on a table or in a shadow.

    0 to 255 whatever the light: the share of the paper's level, in grey or in the colour that a pen takes away.
    """
    grey = grey_of(page)
    paper = light_of(grey, size)
    high = float(np.percentile(paper[::4, ::4], 95))
    gain = 255 / np.maximum(paper, max(0.4 * high, 16))  # the noise of a dark table is not amplified
    contrast = _zeroed((paper - grey) * gain)
    if page.ndim == 3:
        colours = (_zeroed((light_of(page[..., i], size) - page[..., i]) * gain) for i in range(3))
        for colour in colours:
            np.maximum(contrast, COLOUR * colour, out=contrast)
    return contrast, paper < DARK * high


def grey_of(page: Light) -> Grey:
    """Return a page in grey, by the weights of ITU-R BT.601, as Pillow has them."""
    return page @ np.array([0.299, 0.587, 0.114], np.float32) if page.ndim == 3 else page


def _zeroed(contrast: Grey) -> Grey:
    """Return a contrast with paper at 0: the closing lies on top of the noise."""
    return contrast - np.percentile(contrast[::2, ::2], 25) - 0.67 * noise_of(contrast[::2, ::2])


def noise_of(contrast: NDArray[np.float32]) -> float:
    """Return the standard deviation of paper, by its light side, which ink does not change."""
    light, lighter = np.percentile(contrast, [25, 10])
    return float(light - lighter) / 0.61  # so many deviations lie between these of a normal distribution


def _strengths(contrast: Grey, pieces: Pieces) -> NDArray[np.float32]:
    """Return the contrast of each piece's core: of its pixels at 90 per cent when sorted."""
    owner = pieces.labels[pieces.labels > 0] - 1
    values = contrast[pieces.labels > 0]
    order = np.lexsort((values, owner))
    first = np.cumsum(pieces.area) - pieces.area
    return values[order][first + (0.9 * (pieces.area - 1)).astype(int)]


def weighted_median(values: NDArray[Any], weights: NDArray[np.float64]) -> float:
    """Return the value in the middle of the weights; 0 for no values."""
    if not len(values):
        return 0.0
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


@dataclass(frozen=True)
class Ink:
    """Where ink may be, and its contrast, 255 for the core of each piece."""

    contrast: Grey
    mask: Mask

    @property
    def line_width(self) -> float:
        """The width of a typical line in pixels."""
        pieces = measure(self.mask)
        return typical_width(pieces)


def typical_width(pieces: Pieces) -> float:
    """Return the width of a typical line, large pieces first."""
    return weighted_median(pieces.line_width, 1.0 * pieces.outline * pieces.extent)


def noise_map(contrast: Grey, side: float) -> Grey:
    """Return the noise around each pixel, measured in blocks of `side` pixels: a table has more than a sheet."""
    from PIL import Image

    rows, columns = (max(1, int(length / max(side, 1))) for length in contrast.shape)
    blocks = [
        [noise_of(block) for block in np.array_split(band, columns, 1)] for band in np.array_split(contrast, rows)
    ]
    noise = np.array(blocks, np.float32)
    noise = np.minimum(noise, 4 * np.median(noise))  # a block may be full of ink
    return np.asarray(Image.fromarray(noise).resize((contrast.shape[1], contrast.shape[0]), Image.Resampling.BILINEAR))


def find_pieces(contrast: Grey, dark: Mask, side: float, *, ruled: bool = True) -> Ink:
    """Return what stands out from paper, whose noise is measured in blocks of `side` pixels.

    Two thresholds: what lies above the noise is a piece, and each piece ends at a share of its own contrast, so that
    pencil and marker keep their width; a piece much fainter than the typical one is dropped.
    """
    least = NOISE * noise_map(contrast, side)
    if dark.any():  # in blocks where it meets the sheet the sheet prevails
        table = np.percentile(contrast[dark], 25) + NOISE * noise_of(contrast[dark])
        least = np.where(dark, np.maximum(least, table), least)
    solid = contrast > np.maximum(LOW, least)
    pieces = measure(drop_lines(solid, contrast) if ruled else solid)  # rules may be darker than pencil
    strengths = _strengths(contrast, pieces)
    typical = weighted_median(strengths, pieces.outline * np.minimum(pieces.area, 400.0) * strengths)
    kept = np.concatenate([[np.inf], np.where(strengths >= FAINTEST * typical, strengths, np.inf)])[pieces.labels]
    return Ink((contrast * (255 / kept)).astype(np.float32), contrast > OWN * kept)


def find_ink(page: Light) -> NDArray[np.uint8]:
    """Return the ink of a page, (height, width) uint8, 0 for paper, 255 for the core of lines."""
    page = 255 - page if is_dark_page(grey_of(page)) else page
    side = max(page.shape)
    block = THICKEST * side
    contrast, dark = contrast_of(page, block)
    closer = WIDTHS * find_pieces(contrast, dark, block, ruled=False).line_width
    if 0 < closer < block:  # light measured closer to the lines leaves less of shadows
        contrast, dark = contrast_of(page, closer)
        block = max(closer, BLOCK * side)
    ink = find_pieces(contrast, dark, block)
    mask = drop_foreign(ink.mask)
    soft = grow(mask, max(1, round(0.25 * ink.line_width)))
    return np.where(soft, np.clip(np.rint(ink.contrast), 0, 255), 0).astype(np.uint8)


def is_dark_page(grey: Grey) -> bool:
    """Return whether the ink is light: lines are narrower than the paper beside them, so near edges paper prevails.

    Where lines are so thick that it does not, the page as a whole tells.
    """
    from PIL import Image

    factor = max(1, -(-max(grey.shape) // SMALL))
    small: Grey = np.asarray(Image.fromarray(grey).reduce(factor) if factor > 1 else grey, np.float32)
    reach = max(1, max(small.shape) // 25)
    high, low = grow(small, reach), -grow(-small, reach)
    edges = grow(small, 1) + grow(-small, 1)
    near = grow(edges >= 0.5 * np.percentile(edges, 99), reach) & (high > low)
    share = float(np.mean(((small - low) / np.maximum(high - low, 1))[near])) if near.any() else 0.5
    return share < 0.5 if abs(share - 0.5) > 0.05 else bool(np.median(small) < 128)


def grow(mask: NDArray[Any], by: int) -> NDArray[Any]:
    """Return the maximum of the square that reaches `by` pixels around each one."""
    return spread(spread(mask, 2 * by + 1).T, 2 * by + 1).T


def _thin(mask: Mask, most: float) -> Mask:
    """Return the pixels in vertical runs of at most `most`."""
    columns = np.pad(mask, ((1, 1), (0, 0))).T.ravel()
    edges = np.flatnonzero(columns[1:] != columns[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    short = ends - starts <= most
    steps = np.zeros(columns.size + 1, np.int8)
    steps[starts[short]], steps[ends[short]] = 1, -1
    return np.cumsum(steps[:-1], dtype=np.int8).reshape(mask.shape[1], -1).T[1:-1] > 0


def _long_lines(mask: Mask, thick: float) -> list[Mask]:
    """Return the pixels of long, thin, nearly horizontal lines, but not where a digit's line crosses them.

    Lines are found by their share of filled strips along each slope, a Hough transform; as staff lines are taken out of
    scores, they are followed through gaps, and only runs no thicker than the line go (Dalitz et al., 2008).
    """
    high, wide = mask.shape
    strip = max(1, wide // STRIPS)
    thin = _thin(mask, 1.6 * thick + 1)
    near = spread(thin.T, 2 * max(1, round(0.3 * thick)) + 1).T[:, : wide // strip * strip]
    filled = near.reshape(high, -1, strip).mean(axis=2, dtype=np.float32)
    places = (np.arange(filled.shape[1]) + 0.5) * strip - wide / 2
    shifts = np.rint(STEEP[:, None] * places).astype(int)
    reach = int(np.abs(shifts).max(initial=0))
    padded = np.pad(filled, ((reach, reach), (0, 0)))
    shares = np.zeros((len(STEEP), high), np.float32)
    for column in range(filled.shape[1]):
        for slope, shift in enumerate(shifts[:, column]):
            shares[slope] += padded[reach + shift : reach + shift + high, column]
    shares /= filled.shape[1]
    bands: list[Mask] = []
    best = shares.max(axis=0)
    columns = np.arange(wide)
    taken = np.zeros(high, bool)
    for row in np.argsort(-best, kind="stable"):
        if best[row] < LONG * FULL:
            break
        if taken[row]:
            continue
        slope = STEEP[shares[:, row].argmax()]
        band = _band(mask, thin, row + slope * (columns - wide / 2), thick)
        taken[max(0, row - round(2 * thick)) : row + round(2 * thick) + 1] = True
        if band is not None:
            bands.append(band)
    return bands


def _band(mask: Mask, thin: Mask, line: NDArray[np.float64], thick: float) -> Mask | None:
    """Return the pixels of a line, along the parabola through it; None if it is short, or full of gaps."""
    top, end = max(0, int(line.min() - 8 * thick)), int(line.max() + 8 * thick) + 1
    near_mask, near_thin = mask[top:end], thin[top:end]
    rows = np.arange(top, top + len(near_mask), dtype=np.float32)[:, None]
    y, x = np.nonzero(near_thin & (np.abs(rows - line.astype(np.float32)) <= 2 * thick + 2))
    if len(np.unique(x)) < 3:
        return None
    curve = _curve(x, y + top, np.arange(mask.shape[1]), max(1.0, 0.3 * thick))
    distance = np.abs(rows - curve.astype(np.float32))
    inner = slice(x.min(), x.max() + 1)
    on = (near_thin & (distance <= 2 * thick))[:, inner]
    own = on.sum() / max(1, on.any(axis=0).sum())
    near = distance <= max(0.5 * thick, own) + 1.5
    filled = (near_mask & near).any(axis=0)[inner].mean()
    whole = 0.75 if own < 0.6 * thick else 0.95  # as thick as a pen's, with gaps: the bases of a 2 and a 0 side by side
    length = int(np.ptp(x)) + 1
    if filled <= whole or length < LONG * mask.shape[1] or length <= SLENDER * own:
        return None
    band = np.zeros_like(mask)
    band[top:end] = near_thin & near
    return band


def _curve(x: NDArray[np.int64], y: NDArray[np.int64], columns: NDArray[np.int64], near: float) -> NDArray[np.float64]:
    """Return the height at `columns` of the parabola through most points, straight on beyond their ends."""
    some = slice(None, None, max(1, len(x) // POINTS))
    x, y = x[some], y[some]
    middle, unit = float(x.mean()), max(1.0, float(np.ptp(x)))  # pixels as they are leave polyfit ill-conditioned
    along = (x - middle) / unit
    kept = np.ones(len(x), bool)
    for _ in range(4):  # without the points far from it, which are of digits
        if len(np.unique(x[kept])) < 3:  # no parabola is fixed by two columns
            break
        parabola = np.polyfit(along[kept], y[kept], 2)
        away = np.abs(np.polyval(parabola, along) - y)
        kept = away <= max(near, float(np.median(away)))
    inside = (np.clip(columns, x.min(), x.max()) - middle) / unit
    beyond = (columns - middle) / unit - inside
    slope = np.polyval(np.polyder(parabola), inside)
    return np.asarray(np.polyval(parabola, inside) + slope * beyond, np.float64)


def drop_lines(mask: Mask, contrast: Grey) -> Mask:
    """Return the mask without rules and squares, which are longer than digits are high; darker ink on them stays."""
    pieces = measure(mask)
    thick = typical_width(pieces)
    across = _long_lines(mask, thick)
    upright = [band.T for band in _long_lines(mask.T, thick)]
    if not across and not upright:
        return mask
    rest = measure(mask & ~np.logical_or.reduce([*across, *upright]))
    big = rest.extent > 3 * thick
    curved = big & (np.minimum(rest.width, rest.height) > 3 * rest.line_width)  # no remains of rules, no 1 either
    big = curved if curved.any() else big
    tall = weighted_median(rest.height[big], 1.0 * rest.area[big])
    if not tall:  # nothing but lines: a 1, or a row of them
        return mask
    rules = [band for band in across if _is_rule(pieces, band, tall, many=len(across) > 2)]
    pieces = measure(mask & ~np.logical_or.reduce(rules)) if rules else pieces  # which the rules had joined
    rules += [band for band in upright if _is_upright_rule(pieces, band, tall, many=len(upright) > 2)]
    return mask & ~np.logical_or.reduce([_paler(rule, contrast) for rule in rules]) if rules else mask


def _paler(rule: Mask, contrast: Grey) -> Mask:
    """Return the pixels of a rule that are no darker than it is as a rule."""
    y, x = np.nonzero(rule)
    own = contrast[y, x]
    place = x if np.ptp(x) > np.ptp(y) else y
    along = np.zeros(int(place.max()) + 1, np.float32)
    np.maximum.at(along, place, own)
    pale = own <= DARKER * np.median(along[along > 0])
    paler = np.zeros_like(rule)
    paler[y[pale], x[pale]] = True
    return paler


def _is_rule(pieces: Pieces, band: Mask, tall: float, *, many: bool) -> bool:
    """Return whether a line across the page is no part of a 2, 4, 5 or 7: digits are not much wider than high."""
    own = np.bincount(pieces.labels[band], minlength=len(pieces.area) + 1)[1:] > 0
    high = pieces.bottom[own].max() - pieces.top[own].min()
    length = np.ptp(np.flatnonzero(band.any(axis=0))) + 1
    return bool(length >= 1.3 * tall and (many or length >= 1.8 * high))


def _is_upright_rule(pieces: Pieces, band: Mask, tall: float, *, many: bool) -> bool:
    """Return whether an upright line is no stem of a 1, 4, 7 or 9: by length."""
    own = np.bincount(pieces.labels[band], minlength=len(pieces.area) + 1)[1:] > 0
    length = np.ptp(np.flatnonzero(band.any(axis=1))) + 1
    others = ~own & (pieces.height > 0.15 * length)
    apart = weighted_median(pieces.height[others], 1.0 * pieces.area[others])
    crosses = length >= 0.95 * len(band)
    alone = others.sum() >= 3 and length >= (1.4 if crosses else 2.5) * apart
    return bool(length >= 1.3 * tall and (alone or (many and (crosses or length >= 1.8 * tall))))


def drop_foreign(mask: Mask) -> Mask:
    """Return the mask without what is no digit by its place, size or thickness."""
    pieces = measure(mask)
    if not len(pieces.area):
        return mask
    high, wide = mask.shape
    touching = (pieces.left == 0) | (pieces.top == 0) | (pieces.right == wide) | (pieces.bottom == high)
    inner = ~touching & (pieces.extent >= 0.1 * max(pieces.extent.max(), 0.3 * high))
    kept = np.ones(len(pieces.area), bool)
    ref = inner if inner.any() else kept
    width = weighted_median(pieces.line_width[ref], 1.0 * (pieces.outline * pieces.extent)[ref])
    tall = weighted_median(pieces.height[ref], 1.0 * pieces.area[ref])
    if inner.any():
        kept &= ~(
            touching & ((pieces.line_width > 2.2 * width) | (pieces.extent > 2.5 * tall) | (pieces.height < 0.5 * tall))
        )
    kept &= (pieces.line_width < 0.45 * pieces.extent) | (pieces.extent < 3 * width)
    large = pieces.extent > max(1.2 * width, 0.15 * tall)
    near = grow(pieces.mask(kept & large), max(1, round(width)))
    beside = np.bincount(pieces.labels[near], minlength=len(kept) + 1)[1:] > 0  # crumbs of a dry pen
    return pieces.mask(kept & (large | beside))
