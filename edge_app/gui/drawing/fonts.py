"""Chooses a font that has every letter of the language, and fits texts into areas."""

import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache

import pygame

from .lines import Colour

NEEDED = "0123456789?=≠≥≤–•%…"  # what the window shows in every language
PREFERRED = (
    "notosans",
    "dejavusans",
    "notosanscjksc",
    "notosanscjkjp",
    "notosanscjktc",
    "notosanscjkkr",
    "wenquanyimicrohei",
    "droidsansfallback",
    "liberationsans",
    "freesans",
)
SCALE = 0.6875  # pygame scales sizes of its default font by this, and we those of every other font
ABSENT = "\uffff"  # a noncharacter: no font has a glyph for it
PROBE = 24  # size at which glyphs are compared
SURFACES = 48  # a screen has some thirty
SURFACE_BYTES = 1 << 20  # a number in large type takes 100 KB, and each reading is another text
LEAST_SURFACES = 6  # kept however large they are
FINE, SMALL = 4, 40  # times that type below size SMALL is drawn larger: see Face
JOINTS = "/\\-_."  # a word too long for its line, such as a path, is broken after one of these


class Face:
    """A font in a size.

    SDL_ttf puts each letter at a whole pixel, so small type looks unevenly spaced. It is drawn larger and scaled down.
    """

    def __init__(self, path: str | None, size: int) -> None:
        """Open a font file, or pygame's own font if `path` is None."""
        self._fine = FINE if size < SMALL else 1
        self._font = _open(path, size * self._fine)
        # what is rendered is as high as one or the other
        self.height = -(-max(self._font.get_height(), self._font.get_linesize()) // self._fine)

    def width(self, text: str) -> int:
        """Return how wide a line of text is."""
        return -(-self._font.size(text)[0] // self._fine)

    def render(self, text: str, colour: Colour) -> pygame.Surface:
        """Return a line of text on transparent ground."""
        drawn = self._font.render(text, True, colour)
        if self._fine == 1:
            return drawn
        size = self.width(text), self.height
        line = _transparent(size[0] * self._fine, size[1] * self._fine, colour)
        line.blit(drawn, (0, 0))
        return pygame.transform.smoothscale(line, size)

    def above(self, text: str) -> float:
        """Return by how much the text's accents are higher than the font says; negative if they are lower."""
        top = max((metrics[3] for metrics in self._font.metrics(text) if metrics), default=0)
        return (top - self._font.get_ascent()) / self._fine


class Fonts:
    """The font of a window and a cache of rendered texts; unusable after `pygame.font.quit`.

    Sizes are those of `pygame.font.Font(None, size)`. Surfaces are shared: do not draw on them.
    """

    def __init__(self, sample: str) -> None:
        """Choose the first font that has every character of `sample`, else the one that lacks fewest."""
        self.path, self.missing = _choose(sample + NEEDED)  # None: the font that comes with pygame
        self.font = lru_cache(16)(self._open)
        self.width = lru_cache(256)(self._width)
        self._as_high_as = lru_cache(256)(self._size_of_height)
        self._surfaces: OrderedDict[Hashable, pygame.Surface] = OrderedDict()  # by maker and its arguments
        capital = self.font(4 * PROBE).render("H", (0, 0, 0))
        self._middle = capital.get_bounding_rect().centery / capital.get_height()

    def _open(self, size: int) -> Face:
        """Return the font in a size."""
        return Face(self.path, size)

    def _width(self, text: str, size: int) -> int:
        """Return how wide a line of text is."""
        return self.font(size).width(_printable(text))

    def fit(
        self, text: str, width: int, height: int, colour: Colour, least: int = 11, peers: tuple[str, ...] = ()
    ) -> pygame.Surface:
        """Return text in the largest size in which it and its peers fit; an ellipsis replaces the middle if none does.

        An area lower than a line of size `least` is overrun.
        """
        return self._cached(self._fit, text, width, height, colour, least, peers)

    def middle(self, line: pygame.Surface) -> int:
        """Return the row of a rendered line at half the height of its capitals and digits."""
        return round(line.get_height() * self._middle)

    def wrap(self, text: str, size: int, width: int) -> list[str]:
        """Return text in lines of at most `width` pixels, broken at spaces, or within a word that is longer."""
        font = self.font(size)
        return [line for part in text.splitlines() or [""] for line in _wrap(font, _printable(part), width)]

    def paragraph(
        self, text: str, width: int, height: int, colour: Colour, most: int = 32, least: int = 11
    ) -> pygame.Surface:
        """Return text over as many lines as it needs, in the largest size from `most` down to `least` that fits.

        What does not fit in the smallest either ends in an ellipsis. The surface is as wide as the longest line.
        """
        return self._cached(self._paragraph, text, width, height, colour, most, least)

    def _cached(self, make: Callable[..., pygame.Surface], *given: Hashable) -> pygame.Surface:
        """Return `make(*given)`; the least recently used surfaces are dropped, many small or a few large ones."""
        key = make, given
        if key not in self._surfaces:
            self._surfaces[key] = make(*given)
            while self._is_overfull():
                self._surfaces.popitem(last=False)
        self._surfaces.move_to_end(key)
        return self._surfaces[key]

    def _is_overfull(self) -> bool:
        count, size = len(self._surfaces), sum(map(_bytes_of, self._surfaces.values()))
        return count > SURFACES or (count > LEAST_SURFACES and size > SURFACE_BYTES)

    def _fit(
        self, text: str, width: int, height: int, colour: Colour, least: int, peers: tuple[str, ...]
    ) -> pygame.Surface:
        size = self._as_high_as(height, least)
        longest = max((text, *peers), key=lambda words: self.width(words, size))
        font = self.font(self._as_wide_as(_printable(longest), width, size, least))
        return self._line(font, _without_middle(font, _printable(text), width), colour)

    def _line(self, font: Face, shown: str, colour: Colour) -> pygame.Surface:
        """Return a rendered line, with as much room below as accents above capitals take: see `middle`."""
        line, above = font.render(shown, colour), font.above(shown)
        if above <= 0:
            return line
        made = _transparent(line.get_width(), font.height + round(above / self._middle), colour)
        made.blit(line, (0, 0))
        return made

    def _as_wide_as(self, shown: str, width: int, size: int, least: int) -> int:
        """Return the largest size up to `size` in which a line is not wider."""
        wide = self.font(size).width(shown)
        if wide > width:  # type is as wide as it is high: nearly right at once, where a search would open many fonts
            size = max(least, min(size - 1, size * width // max(1, wide) + 1))
            while size > least and self.font(size).width(shown) > width:
                size -= 1
        return size

    def _size_of_height(self, height: int, least: int) -> int:
        """Return the largest size whose line is not higher."""
        return _largest(lambda size: self.font(size).height <= height, least, max(least, 2 * height))

    def _paragraph(self, text: str, width: int, height: int, colour: Colour, most: int, least: int) -> pygame.Surface:
        def fits(size: int) -> bool:
            return len(self.wrap(text, size, width)) * self.font(size).height <= height

        size = _largest(fits, least, max(least, most))
        font, lines = self.font(size), self.wrap(text, size, width)
        room = max(1, height // font.height)
        if len(lines) > room:
            lines[room - 1 :] = [_without_end(font, lines[room - 1], width)]
        return _stacked([font.render(line, colour) for line in lines], font.height, colour)


def _choose(sample: str) -> tuple[str | None, str]:
    """Return the path of a font, None for pygame's own, and which letters of the sample it lacks."""
    letters = "".join(sorted(set(_printable(sample)) - {" "}))
    chosen, lacking = None, _missing(_open(None, PROBE), letters)
    for path in _system_fonts() if lacking else ():
        try:
            found = _missing(_open(path, PROBE), letters)
        except (pygame.error, OSError, ValueError):  # missing, empty or no font, noticed only when it renders
            continue
        if len(found) < len(lacking):
            chosen, lacking = path, found
        if not lacking:
            break
    return chosen, lacking


def _system_fonts() -> Iterator[str]:
    """Yield the system's font files, preferred ones first; listing all of them starts programs and is slow."""
    for name in PREFERRED:
        if path := pygame.font.match_font(name):
            yield path
    for name in sorted(pygame.font.get_fonts()):
        if path := pygame.font.match_font(name):
            yield path


def _missing(font: pygame.font.Font, letters: str) -> str:
    """Return the letters that the font has no glyph for.

    `Font.metrics` gives None only beyond U+FFFF in classic pygame, and else the numbers of the box that stands for
    a missing glyph: a letter is missing that measures and looks like a character which no font has.
    """
    box = font.metrics(ABSENT)[0]
    picture = _pixels(font, ABSENT)

    def lacks(letter: str) -> bool:
        metrics = font.metrics(letter)[0]
        return metrics is None or (metrics == box and _pixels(font, letter) == picture)

    return "".join(filter(lacks, letters))


def _pixels(font: pygame.font.Font, letter: str) -> bytes:
    return pygame.image.tobytes(font.render(letter, True, (0, 0, 0)), "RGBA")


def _open(path: str | None, size: int) -> pygame.font.Font:
    return pygame.font.Font(path, size if path is None else max(1, int(size * SCALE)))


def _printable(text: str) -> str:
    """Return text that pygame can draw: NFC, controls as spaces, no format characters, lone surrogates as "?".

    pygame rejects NUL and surrogates, which file names may contain.
    """
    replaced = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": "?"}
    return "".join(replaced.get(unicodedata.category(c), c) for c in unicodedata.normalize("NFC", text))


def _bytes_of(surface: pygame.Surface) -> int:
    return surface.get_pitch() * surface.get_height()


def _largest(fits: Callable[[int], bool], low: int, high: int) -> int:
    """Return the largest number that fits, by bisection; `low` if none does."""
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _without_middle(font: Face, text: str, width: int) -> str:
    if font.width(text) <= width:
        return text

    def shortened(kept: int) -> str:
        return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"

    return shortened(_largest(lambda kept: font.width(shortened(kept)) <= width, 0, len(text) - 1))


def _without_end(font: Face, text: str, width: int) -> str:
    return text[: _largest(lambda kept: font.width(text[:kept] + "…") <= width, 0, len(text))] + "…"


def _wrap(font: Face, text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and font.width(joined) > width:
            lines.append("")
            joined = word
        while len(joined) > 1 and font.width(joined) > width:
            at = _break(font, joined, width)
            lines[-1:] = [joined[:at], ""]
            joined = joined[at:]
        lines[-1] = joined
    return lines


def _break(font: Face, word: str, width: int) -> int:
    """Return where to break a word wider than its line: after a joint if there is one."""
    most = _largest(lambda kept: font.width(word[:kept]) <= width, 1, len(word) - 1)
    return max(word.rfind(joint, 0, most) for joint in JOINTS) + 1 or most


def _stacked(lines: list[pygame.Surface], height: int, colour: Colour) -> pygame.Surface:
    made = _transparent(max(line.get_width() for line in lines), len(lines) * height, colour)
    for i, line in enumerate(lines):
        made.blit(line, (0, i * height))
    return made


def _transparent(width: int, height: int, colour: Colour) -> pygame.Surface:
    """Return an empty surface whose edges of `colour`, scaled or blended, take on no other."""
    made = pygame.Surface((width, height), pygame.SRCALPHA, 32)
    made.fill((*colour, 0))
    return made
