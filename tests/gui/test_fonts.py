"""Fonts: the choice against the font file's cmap table and with generated fonts; texts against their areas."""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pygame
import pytest

from edge_app.gui.drawing import fonts as module
from edge_app.gui.drawing.fonts import LEAST_SURFACES, NEEDED, SURFACE_BYTES, SURFACES, Fonts

INK = (24, 38, 66)
BUNDLED = Path(pygame.__file__).parent / "freesansbold.ttf"
SENTENCE = "models/digits_int8.tflite: expected int8 input, found float32. Run: python -m convert"
AREAS = [(60, 20), (180, 44), (400, 40), (90, 300), (900, 200)]


@pytest.fixture(autouse=True)
def _fonts() -> Iterator[None]:
    pygame.font.init()
    yield
    pygame.font.quit()


def read_letters(path: Path) -> dict[int, int]:
    """Code points and glyphs from the font's cmap table, format 4: OpenType's specification, 'cmap'."""
    data = path.read_bytes()
    start = next(at for tag, at in tables(data) if tag == b"cmap")
    count = struct.unpack_from(">H", data, start + 2)[0]
    found: dict[int, int] = {}
    for i in range(count):
        at = start + struct.unpack_from(">L", data, start + 8 + 8 * i)[0]
        if struct.unpack_from(">H", data, at)[0] == 4:
            found.update(read_format_4(data, at))
    return found


def tables(data: bytes) -> Iterator[tuple[bytes, int]]:
    for i in range(struct.unpack_from(">H", data, 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", data, 12 + 16 * i)
        yield tag, offset


def read_format_4(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{count}H", data, at + 14 + 2 * (count * i + (i > 0))) for i in range(4)
    )
    for i in range(count):
        for code in range(starts[i], ends[i] + 1):
            glyph = code
            if offsets[i]:
                place = at + 16 + 2 * (3 * count + i) + offsets[i] + 2 * (code - starts[i])
                glyph = struct.unpack_from(">H", data, place)[0]
            if glyph and (glyph + deltas[i]) % 65536:
                yield code, (glyph + deltas[i]) % 65536


def write_font(path: Path, letters: str, like: str = "A") -> str:
    """Write pygame's font with more letters, which all look like one of its own: a new cmap table, format 12."""
    data = bytearray(BUNDLED.read_bytes())
    glyphs = read_letters(BUNDLED)
    glyphs.update({ord(letter): glyphs[ord(like)] for letter in letters})
    groups = b"".join(struct.pack(">LLL", code, code, glyph) for code, glyph in sorted(glyphs.items()))
    table = struct.pack(">HHHHL", 0, 1, 3, 10, 12)
    table += struct.pack(">HHLLL", 12, 0, 16 + len(groups), 0, len(glyphs)) + groups
    entry = next(12 + 16 * i for i, (tag, _) in enumerate(tables(bytes(data))) if tag == b"cmap")
    data += bytes(-len(data) % 4)
    struct.pack_into(">LL", data, entry + 8, len(data), len(table))
    path.write_bytes(bytes(data) + table)
    return str(path)


def offer(monkeypatch: pytest.MonkeyPatch, preferred: dict[str, str], others: dict[str, str] | None = None) -> None:
    """Make these the system's fonts; without `others`, asking for the list of all is an error."""
    both = {**preferred, **(others or {})}

    def get_fonts() -> list[str]:
        assert others is not None, "all fonts were listed"
        return list(both)

    monkeypatch.setattr(pygame.font, "match_font", both.get)
    monkeypatch.setattr(pygame.font, "get_fonts", get_fonts)


def test_missing_letters_match_the_font_file() -> None:
    codes = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180), *range(0x391, 0x3A2), *range(0x410, 0x450)]
    codes += [*range(0x2190, 0x2195), *range(0x2200, 0x2270), 0x4E2D, 0x3042, 0x905, 0x1F44D]
    letters = read_letters(BUNDLED)
    expected = [chr(code) for code in codes if code not in letters]
    found = module._missing(pygame.font.Font(None, 24), "".join(map(chr, codes)))
    assert list(found) == expected
    assert {"→", "中", "👍"} <= set(expected)
    assert len(expected) < 0.5 * len(codes)


def test_pygames_own_font_is_used_if_it_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(pygame.font, "match_font")  # the system is not asked
    fonts = Fonts("Schreiben Sie eine Zahl: größer, ≠ Écrivez Напишите число Γράψτε\n\t")
    assert (fonts.path, fonts.missing) == (None, "")
    assert fonts.font(53).width("Zahl 123") == pygame.font.Font(None, 53).size("Zahl 123")[0]


@pytest.mark.parametrize("size", [12, 16, 17, 20, 26, 33])
def test_letters_of_small_type_stand_as_in_large_type(size: int) -> None:
    fonts = Fonts("")
    for text in ("t" * 40, "written settings"):
        assert fonts.width(text, size) == pytest.approx(fonts.width(text, 20 * size) / 20, rel=0.04, abs=1)
        assert fonts.font(size).render(text, INK).get_size() == (fonts.width(text, size), fonts.font(size).height)


def test_a_preferred_font_with_all_letters_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    poor = write_font(tmp_path / "poor.ttf", "写")
    rich = write_font(tmp_path / "rich.ttf", "写数字→")
    offer(monkeypatch, {"notosans": poor, "freesans": rich})
    fonts = Fonts("写数字 →")
    assert (fonts.path, fonts.missing) == (rich, "")
    assert fonts.font(40).width("写 7") == pygame.font.Font(None, 40).size("A 7")[0]  # the same size as pygame's own


def test_any_complete_font_is_used_if_no_preferred_one_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken, empty = tmp_path / "broken.ttf", tmp_path / "empty.ttf"
    broken.write_bytes(b"not a font" * 20)
    empty.write_bytes(b"")
    rich = write_font(tmp_path / "rich.ttf", "写数字")
    offer(
        monkeypatch,
        {"notosans": str(broken), "dejavusans": str(tmp_path / "gone.ttf")},
        {"aaa": str(empty), "zzz": rich},
    )
    fonts = Fonts("写数字")
    assert (fonts.path, fonts.missing) == (rich, "")


def test_the_font_that_lacks_fewest_letters_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one, two = write_font(tmp_path / "one.ttf", "写"), write_font(tmp_path / "two.ttf", "写数")
    offer(monkeypatch, {"notosans": one, "freesans": two}, {})
    fonts = Fonts("写数字👍")
    assert (fonts.path, fonts.missing) == (two, "字👍")
    offer(monkeypatch, {}, {})
    assert (Fonts("写").path, Fonts("写").missing) == (None, "写")


def test_a_letter_as_large_as_the_missing_box_is_recognised_by_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    font = pygame.font.Font(None, 24)

    def looks_like_itself(_font: pygame.font.Font, letter: str) -> bytes:
        return letter.encode()

    assert module._missing(font, "中→") == "中→"
    monkeypatch.setattr(module, "_pixels", looks_like_itself)
    assert module._missing(font, "中→") == ""


def test_pygames_font_has_the_characters_of_every_language() -> None:
    assert module._missing(pygame.font.Font(None, 24), NEEDED) == ""
    assert set("0123456789?=≠%…•–≤≥") == set(NEEDED)


@pytest.mark.parametrize(("width", "height"), AREAS)
@pytest.mark.parametrize("text", ["7", "3.14", "90210", "Undo", "Rückgängig machen", SENTENCE])
def test_fitted_text_is_as_large_as_fits(text: str, width: int, height: int) -> None:
    fonts = Fonts("ü")
    seen = fonts.fit(text, width, height, INK)
    assert (seen.get_width() <= width, seen.get_height() <= height) == (True, True)
    sizes = range(11, 2 * height)
    size = 10 + bisect_right(sizes, seen.get_width(), key=lambda size: fonts.font(size).width(text))
    if fonts.width(text, size) == seen.get_width():
        larger = fonts.font(size + 1)
        assert larger.width(text) > width or larger.height > height
    else:  # it was shortened, and only because it had to be
        assert fonts.width(text, 11) > width
        assert seen.get_width() > 0.7 * width


def test_long_text_keeps_its_ends() -> None:
    font = Fonts("").font(11)
    shown = module._without_middle(font, SENTENCE, 150)
    first, last = shown.split("…")
    assert SENTENCE.startswith(first)
    assert SENTENCE.endswith(last)
    assert 0 <= len(first) - len(last) <= 1
    more = len(first) == len(last)  # the next letter is one of the beginning
    longer = f"{SENTENCE[: len(first) + more]}…{SENTENCE[len(SENTENCE) - len(last) - (not more) :]}"
    assert font.width(shown) <= 150 < font.width(longer)
    assert module._without_middle(font, "short", 150) == "short"


@pytest.mark.parametrize("width", [40, 97, 300, 2000])
def test_wrapped_text_is_complete_and_fits(width: int) -> None:
    fonts = Fonts("")
    lines = fonts.wrap(SENTENCE, 20, width)
    assert "".join(lines).replace(" ", "") == SENTENCE.replace(" ", "")
    assert all(fonts.font(20).width(line) <= width for line in lines)
    if width >= 300:
        assert " ".join(lines) == SENTENCE
    for line, following in pairwise(lines):  # and no word would have gone on a line before
        if not line.endswith(("/", "_", "-", ".", "\\")) and width >= 97:
            assert fonts.font(20).width(f"{line} {following.split()[0]}") > width


def test_a_long_path_is_broken_after_slashes_and_newlines_are_kept() -> None:
    fonts = Fonts("")
    lines = fonts.wrap("/home/somebody/Documents/digits/numbers.jsonl\n\nnext", 20, 130)
    assert lines == ["/home/somebody/", "Documents/digits/", "numbers.jsonl", "", "next"]
    assert fonts.wrap("", 20, 130) == [""]


@pytest.mark.parametrize(("width", "height"), AREAS)
def test_a_paragraph_fits_its_area(width: int, height: int) -> None:
    seen = Fonts("").paragraph(SENTENCE, width, height, INK, 32, 11)
    assert (seen.get_width() <= width, seen.get_height() <= height) == (True, True)
    assert seen.get_bounding_rect().height > 4


def test_a_paragraph_is_as_large_as_fits_or_ends_in_an_ellipsis() -> None:
    fonts = Fonts("")
    assert fonts.paragraph("Clear", 500, 300, INK, 32, 11).get_width() == fonts.font(32).width("Clear")
    font, lines = fonts.font(11), fonts.wrap(SENTENCE, 11, 90)
    high = font.height
    end = module._without_end(font, lines[2], 90)
    assert (end[-1], lines[2].startswith(end[:-1])) == ("…", True)
    found, expected = pygame.Surface((90, 60), 0, 32), pygame.Surface((90, 60), 0, 32)
    found.blit(fonts.paragraph(SENTENCE, 90, 3 * high, (255, 255, 255)), (0, 0))
    for i, line in enumerate([lines[0], lines[1], end]):
        expected.blit(font.render(line, (255, 255, 255)), (0, i * high))
    assert pygame.image.tobytes(found, "RGB") == pygame.image.tobytes(expected, "RGB")


@pytest.mark.parametrize(
    "text", ["a\0b", "name\udce9.json", "one\ntwo\tthree", "soft\u00adhyphen", "", "👍", "e\u0301"]
)
def test_texts_that_pygame_rejects_are_drawn(text: str) -> None:
    fonts = Fonts("")
    assert fonts.fit(text, 60, 20, INK).get_width() <= 60
    assert fonts.paragraph(text, 60, 40, INK).get_width() <= 60


def test_combining_accents_are_composed() -> None:
    fonts = Fonts("")
    apart, one, box = (fonts.fit(text, 60, 20, INK) for text in ("e\u0301", "é", "e\uffff"))
    tobytes = pygame.image.tobytes
    assert tobytes(apart, "RGBA") == tobytes(one, "RGBA") != tobytes(box, "RGBA")


def test_the_surface_cache_drops_the_least_recently_used() -> None:
    fonts = Fonts("")

    def small(text: str) -> pygame.Surface:
        return fonts.fit(text, 90, 20, INK)

    first, second = small("first"), small("second")
    for i in range(SURFACES - 1):
        small(str(i))
        assert small("first") is first
    assert small("second") is not second
    assert fonts.fit("first", 90, 20, (0, 0, 0)) is not first


def test_the_surface_cache_is_limited_in_bytes() -> None:
    fonts = Fonts("")
    for number in range(100):
        fonts.fit(f"{number}", 900, 150, INK)
    assert LEAST_SURFACES <= len(fonts._surfaces) < SURFACES
    assert sum(surface.get_pitch() * surface.get_height() for surface in fonts._surfaces.values()) <= SURFACE_BYTES
    huge = [fonts.fit(f"{number}{number}", 4000, 2000, INK) for number in range(LEAST_SURFACES)]
    assert list(fonts._surfaces.values()) == huge  # what is drawn again and again is cached, however large


@pytest.mark.parametrize("size", [14, 20, 24, 37, 60])
def test_words_with_accented_capitals_have_the_same_baseline(size: int) -> None:
    fonts = Fonts("ÜÖÉH")

    def foot(text: str) -> int:
        """The row below the text, from its middle."""
        line = fonts.fit(text, 1000, 2 * size, INK)
        return line.get_bounding_rect().bottom - fonts.middle(line)

    assert max(abs(foot(text) - foot("HUE")) for text in ("ÜHU", "ÖH", "ÉH")) <= 1 + size // 30
    assert foot("HUgE") > foot("HUE") + size // 14  # the measure tells one foot from another


def test_peers_share_the_size_of_the_longest() -> None:
    fonts = Fonts("")
    alone, among = (fonts.fit("Map", 80, 40, INK, peers=peers) for peers in ((), ("Look inside", "Map")))
    assert among.get_width() < alone.get_width()
    size = next(size for size in range(11, 99) if fonts.width("Look inside", size + 1) > 80)
    assert fonts.width("Look inside", size) <= 80
    assert among.get_width() == fonts.width("Map", size)
    assert fonts.fit("Look inside", 80, 40, INK, peers=("Map",)).get_width() <= 80
