"""Pictures as encoders would write them if they were asked for nonsense: chunk by chunk, sums and lengths right."""

import io
import random
import struct
import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge_app.datasets.readers import bundled_samples
from edge_app.recognition.ink import Ink
from edge_app.recognition.normalise import draw_strokes

from .mutation import mutate_bytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG's colour type
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
HUGE = (0, 1, 65535, 100_000, 2**31 - 1, 2**32 - 1)
LARGE = (7000, 7071)  # 50 million pixels, the most that is opened
TALL = ((1, 40_000), (40_000, 1), (3, 20_000_000))
BOMB = 20_000_000  # bytes of nothing that pack into twenty thousand


@cache
def _inks() -> list[Ink]:
    return [sample.content for sample in bundled_samples() if isinstance(sample.content, tuple)]


def grey_picture(dice: random.Random, width: int, height: int) -> NDArray[np.uint8]:
    """Return something to look at, (height, width) uint8: a number, noise, rings, a chequered board, nothing."""
    way = dice.randrange(8)
    if way < 4:
        ink = dice.choice(_inks())
        low = np.min([stroke.min(axis=0) for stroke in ink], axis=0)
        high = np.max([stroke.max(axis=0) for stroke in ink], axis=0)
        small = max(1, min(width, 160)), max(1, min(height, 160))
        scale = min(0.8 * small[0] / max(1, high[0] - low[0]), 0.8 * small[1] / max(1, high[1] - low[1]))
        lines = [((stroke - low) * scale + 0.1 * min(small)).astype(np.float32) for stroke in ink]
        drawn = (draw_strokes(lines, 2.6, *small) * 255).astype(np.uint8)
        picture = np.asarray(Image.fromarray(drawn).resize((width, height)))
        return 255 - picture if dice.randrange(2) else picture
    y, x = np.mgrid[0:height, 0:width]
    if way == 4:
        return np.random.default_rng(dice.randrange(2**32)).integers(0, 256, (height, width), np.uint8)
    if way == 5:
        step = dice.choice((2, 3, 5))
        rings = np.maximum(abs(x - width // 2), abs(y - height // 2)) // step % 2
        return (rings * 255).astype(np.uint8)
    if way == 6:
        step = dice.choice((1, 2, 8))
        return ((x // step + y // step) % 2 * 255).astype(np.uint8)
    return np.full((height, width), dice.choice((0, 128, 255)), np.uint8)


def small_size(dice: random.Random) -> tuple[int, int]:
    """Return a width and height that are read in no time, now and then as many pixels as are looked at."""
    if not dice.randrange(25):
        return dice.choice(((1024, 1024), (2048, 1500), (1023, 70)))
    return dice.choice((1, 2, 7, 28, 64, 200)), dice.choice((1, 3, 28, 64, 150))


def png(dice: random.Random) -> bytes:
    """Return a PNG, of which most can be read."""
    colour = dice.choice(list(CHANNELS))
    depth = dice.choice(DEPTHS[colour])
    interlaced = dice.randrange(2)
    size = small_size(dice)
    if not dice.randrange(60):
        size = dice.choice((LARGE, *TALL))
    rows = _rows(dice, size, colour, depth) if size[0] * size[1] < 4_000_000 else _blank(size, colour, depth)
    said = size if dice.randrange(8) else (dice.choice((size[0], *HUGE)), dice.choice((size[1], *HUGE)))
    header = struct.pack(">IIBBBBB", *said, depth, colour, 0, 0, interlaced)
    if not dice.randrange(20):
        header = mutate_bytes(dice, header, most=2)
    chunks = [(b"IHDR", header), *_before(dice, colour, depth), *_data(dice, zlib.compress(rows, 1)), (b"IEND", b"")]
    if not dice.randrange(6):
        chunks = _animated(dice, chunks, said)
    if not dice.randrange(6):
        chunks.insert(dice.randrange(1, len(chunks)), dice.choice(chunks))
    if not dice.randrange(10):
        del chunks[dice.randrange(len(chunks))]
    if not dice.randrange(10):
        at = dice.randrange(len(chunks))
        chunks[at] = chunks[at][0], mutate_bytes(dice, chunks[at][1])
    return SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def repaired(case: bytes) -> bytes:
    """Return a PNG with the checksums of its chunks put right, as far as their lengths can be followed."""
    out, at = bytearray(case), len(SIGNATURE)
    while at + 12 <= len(out):
        length = int.from_bytes(out[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(out):
            break
        out[end : end + 4] = struct.pack(">I", zlib.crc32(out[at + 4 : end]))
        at = end + 4
    return bytes(out)


def _rows(dice: random.Random, size: tuple[int, int], colour: int, depth: int) -> bytes:
    """Return filtered rows; interlaced ones are as many bytes, or a few too few."""
    width, height = size
    grey = grey_picture(dice, width, height)
    if depth == 8:
        pixels = np.repeat(grey[..., None], CHANNELS[colour], axis=2).reshape(height, -1)
    elif depth == 16:
        wide = np.repeat(grey[..., None].astype(">u2") * 257, CHANNELS[colour], axis=2)
        pixels = np.frombuffer(wide.tobytes(), np.uint8).reshape(height, -1)
    else:
        pixels = np.packbits(grey > 127, axis=1)
        pixels = np.tile(pixels, (1, depth))[:, : (width * depth + 7) // 8]
    kind = dice.choice((0, 0, 1, 2, 3, 4, 5))
    return np.pad(pixels, ((0, 0), (1, 0)), constant_values=kind).tobytes() + bytes(8 * height)


def _blank(size: tuple[int, int], colour: int, depth: int) -> bytes:
    return bytes((1 + (size[0] * depth * CHANNELS[colour] + 7) // 8) * size[1] + 16 * size[1])


def _before(dice: random.Random, colour: int, depth: int) -> list[tuple[bytes, bytes]]:
    """Return the chunks before the data: a palette where one is needed, and metadata nobody asked for."""
    chunks = []
    if colour == 3 or not dice.randrange(10):
        chunks.append((b"PLTE", dice.randbytes(3 * dice.choice((1, 2, 2**depth % 257, 256)))))
    if not dice.randrange(3):
        chunks.append((b"tRNS", dice.randbytes(dice.choice((1, 2, 6, 256)))))
    bomb = bytes(BOMB if not dice.randrange(10) else 1000)
    extras = [
        (b"eXIf", exif(dice)),
        (b"zTXt", b"Comment\0\0" + zlib.compress(bomb, 1)),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bomb, 1)),
        (b"iCCP", b"profile\0\0" + zlib.compress(bomb, 1)),
        (b"tEXt", b"Key\0" + dice.randbytes(20)),
        (b"gAMA", dice.randbytes(4)),
        (b"pHYs", dice.randbytes(9)),
        (b"cHRM", dice.randbytes(dice.choice((32, 7)))),
        (b"cICP", dice.randbytes(4)),
        (b"sRGB", b"\x09"),
        (b"abCd", dice.randbytes(5)),
    ]
    return chunks + dice.sample(extras, dice.choice((0, 0, 1, 3)))


def _data(dice: random.Random, packed: bytes) -> list[tuple[bytes, bytes]]:
    """Return the data in one chunk or several, now and then damaged or cut."""
    if not dice.randrange(12):
        packed = mutate_bytes(dice, packed)
    if not dice.randrange(12):
        packed = packed[: len(packed) // 2]
    step = max(1, len(packed) // dice.choice((1, 1, 3)))
    return [(b"IDAT", packed[at : at + step]) for at in range(0, len(packed), step)][:50]


def _animated(
    dice: random.Random, chunks: list[tuple[bytes, bytes]], size: tuple[int, int]
) -> list[tuple[bytes, bytes]]:
    control = struct.pack(">II", dice.choice((0, 1, 2, 2**31)), dice.randrange(3))
    frame = struct.pack(">IIIIIHHBB", 0, *size, *(dice.choice((0, 0, 5, 2**31 - 1)) for _ in range(2)), 1, 0, 2, 1)
    data = next((content for name, content in chunks if name == b"IDAT"), b"")
    more = [(b"fcTL", b"\0\0\0\1" + frame[4:]), (b"fdAT", struct.pack(">I", 2) + data)] * dice.choice((1, 3))
    return [chunks[0], (b"acTL", control), (b"fcTL", frame), *chunks[1:-1], *more, chunks[-1]]


def exif(dice: random.Random) -> bytes:
    """Return EXIF with an orientation that there is, or that there is not, and what else may be in it."""
    order = dice.choice(("<", ">"))
    entries = [(0x0112, dice.choice((3, 3, 4, 2, 7, 5)), dice.choice((1, 1, 2, 0)), dice.choice((*range(10), 2**31)))]
    entries += [(dice.randrange(2**16), dice.randrange(14), dice.choice((1, 2**31)), dice.randrange(2**32))] * (
        dice.choice((0, 1, 5))
    )
    body = b"".join(
        struct.pack(order + "HHI", tag, kind, number) + struct.pack(order + "HH", value % 2**16, value >> 16)
        for tag, kind, number, value in entries
    )
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", dice.choice((8, 8, 8, 0, 2**31)))
    count = struct.pack(order + "H", dice.choice((len(entries), len(entries), 65535)))
    return head + count + body + struct.pack(order + "I", dice.choice((0, 0, 8)))  # the next one: itself


def jpeg(dice: random.Random) -> bytes:
    """Return a JPEG, of which most can be read."""
    size = small_size(dice)
    if not dice.randrange(80):
        size = (7000, 7071)
    mode = dice.choice(("L", "RGB", "RGB", "CMYK", "YCbCr"))
    picture = Image.fromarray(grey_picture(dice, *size)) if size[0] < 5000 else Image.new("L", size, 255)
    file = io.BytesIO()
    options: dict[str, object] = {"quality": dice.choice((5, 75, 100)), "progressive": not dice.randrange(3)}
    if mode != "L" and dice.randrange(2):
        options["subsampling"] = dice.choice((0, 1, 2))
    if not dice.randrange(4):
        options["restart_marker_rows"] = 1
    picture.convert(mode).save(file, "JPEG", **options)
    content = file.getvalue()
    for _ in range(dice.choice((0, 0, 1, 3))):
        content = content[:2] + _segment(dice) + content[2:]
    if not dice.randrange(8):
        content = _resized(dice, content)
    if not dice.randrange(8):
        content = content[: dice.randrange(len(content))]
    if not dice.randrange(10):  # several pictures in one file, as some cameras write
        content += content
    return content


def _segment(dice: random.Random) -> bytes:
    index = b"MPF\0II*\0\x08\0\0\0" + dice.randbytes(2) + struct.pack("<HHI", 0xB001, 4, 1) + dice.randbytes(60)
    marker, body = dice.choice(
        (
            (0xE1, b"Exif\0\0" + exif(dice)),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + dice.randbytes(40)),
            (0xE2, index),
            (0xE2, b"ICC_PROFILE\0" + bytes([dice.randrange(4), dice.randrange(4)]) + dice.randbytes(50)),
            (0xE0, b"JFIF\0" + dice.randbytes(9)),
            (0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0" + dice.randbytes(dice.choice((4, 20)))),
            (0xEE, b"Adobe\0" + dice.randbytes(6)),
            (0xFE, dice.randbytes(10)),
            (0xDB, dice.randbytes(65)),
            (0xC4, dice.randbytes(30)),
            (0xDD, dice.randbytes(2)),
        )
    )
    length = dice.choice((len(body) + 2, len(body) + 2, len(body) + 2, 0, 1, 65535))
    return bytes([0xFF, marker]) + struct.pack(">H", length) + body


def _resized(dice: random.Random, content: bytes) -> bytes:
    """Return a JPEG whose frame says that it is of another size, depth or number of colours."""
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        at = content.find(marker)
        if at > 0 and len(content) > at + 10:
            field, value = dice.choice(((4, b"\x00\x08"), (5, dice.randbytes(4)), (5, b"\xff\xff" * 2), (9, b"\x02")))
            return content[: at + field] + value + content[at + field + len(value) :]
    return content


def bmp(dice: random.Random) -> bytes:
    """Return a BMP, of which many can be read: all headers, depths and ways of packing, right or not."""
    width, height = small_size(dice)
    bits = dice.choice((1, 4, 8, 16, 24, 32, 2, 64))
    packing = dice.choice((0, 0, 0, 3, 1 if bits == 8 else 2, 4, 6))
    header = dice.choice((12, 40, 40, 52, 56, 64, 108, 124))
    stride = (width * bits + 31) // 32 * 4
    data = dice.randbytes(min(stride * height, 400_000)) if dice.randrange(2) else bytes(min(stride * height, 400_000))
    if packing in (1, 2) and dice.randrange(2):
        data = _runs(dice, width, height)
    said = (width, height) if dice.randrange(6) else (dice.choice((width, *HUGE)), dice.choice((height, *HUGE)))
    if header == 12:
        info = struct.pack("<IHHHH", 12, said[0] % 65536, said[1] % 65536, 1, bits)
    else:
        rows = -said[1] if not dice.randrange(4) else said[1]
        used = dice.choice((0, 0, 2, 256, 2**31))
        info = struct.pack("<IIiHHIIiiII", header, said[0], _signed(rows), 1, bits, packing, len(data), 1, 1, used, 0)
        masks = dice.choice(((0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xF800, 0x7E0, 0x1F, 0), (7, 7, 7, 7)))
        info += struct.pack("<IIII", *masks)[: max(0, header - 40)] + bytes(max(0, header - 56))
    colours = dice.randbytes(dice.choice((4, 3)) * min(2**bits, 256)) if bits <= 8 else b""
    start = dice.choice((14 + len(info) + len(colours),) * 4 + (0, 14, 2**31))
    content = b"BM" + struct.pack("<IHHI", 14 + len(info) + len(colours) + len(data), 0, 0, start) + info
    content += colours + data
    return content if dice.randrange(6) else content[: dice.randrange(len(content))]


def _signed(number: int) -> int:
    return (number + 2**31) % 2**32 - 2**31


def _runs(dice: random.Random, width: int, height: int) -> bytes:
    """Return run lengths with all the escapes there are: ends, leaps out of the picture, literal bytes."""
    out = bytearray()
    for _ in range(min(height, 200) * 2):
        out += bytes([dice.choice((1, width % 256, 255)), dice.randrange(256)])
        out += dice.choice((b"", b"\0\0", b"\0\1", b"\0\2" + dice.randbytes(2), b"\0\5" + dice.randbytes(6)))
    return bytes(out) + b"\0\1"
