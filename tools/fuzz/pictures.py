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


def grey_picture(rng: random.Random, width: int, height: int) -> NDArray[np.uint8]:
    """Return something to look at, (height, width) uint8: a number, noise, rings, a chequered board, nothing."""
    way = rng.randrange(8)
    if way < 4:
        ink = rng.choice(_inks())
        low = np.min([stroke.min(axis=0) for stroke in ink], axis=0)
        high = np.max([stroke.max(axis=0) for stroke in ink], axis=0)
        small = max(1, min(width, 160)), max(1, min(height, 160))
        scale = min(0.8 * small[0] / max(1, high[0] - low[0]), 0.8 * small[1] / max(1, high[1] - low[1]))
        lines = [((stroke - low) * scale + 0.1 * min(small)).astype(np.float32) for stroke in ink]
        drawn = (draw_strokes(lines, 2.6, *small) * 255).astype(np.uint8)
        picture = np.asarray(Image.fromarray(drawn).resize((width, height)))
        return 255 - picture if rng.randrange(2) else picture
    y, x = np.mgrid[0:height, 0:width]
    if way == 4:
        return np.random.default_rng(rng.randrange(2**32)).integers(0, 256, (height, width), np.uint8)
    if way == 5:
        step = rng.choice((2, 3, 5))
        rings = np.maximum(abs(x - width // 2), abs(y - height // 2)) // step % 2
        return (rings * 255).astype(np.uint8)
    if way == 6:
        step = rng.choice((1, 2, 8))
        return ((x // step + y // step) % 2 * 255).astype(np.uint8)
    return np.full((height, width), rng.choice((0, 128, 255)), np.uint8)


def small_size(rng: random.Random) -> tuple[int, int]:
    """Return a width and height that are read in no time, now and then as many pixels as are looked at."""
    if not rng.randrange(25):
        return rng.choice(((1024, 1024), (2048, 1500), (1023, 70)))
    return rng.choice((1, 2, 7, 28, 64, 200)), rng.choice((1, 3, 28, 64, 150))


def png(rng: random.Random) -> bytes:
    """Return a PNG, of which most can be read."""
    colour = rng.choice(list(CHANNELS))
    depth = rng.choice(DEPTHS[colour])
    interlaced = rng.randrange(2)
    size = small_size(rng)
    if not rng.randrange(60):
        size = rng.choice((LARGE, *TALL))
    rows = _rows(rng, size, colour, depth) if size[0] * size[1] < 4_000_000 else _blank(size, colour, depth)
    said = size if rng.randrange(8) else (rng.choice((size[0], *HUGE)), rng.choice((size[1], *HUGE)))
    header = struct.pack(">IIBBBBB", *said, depth, colour, 0, 0, interlaced)
    if not rng.randrange(20):
        header = mutate_bytes(rng, header, most=2)
    chunks = [(b"IHDR", header), *_before(rng, colour, depth), *_data(rng, zlib.compress(rows, 1)), (b"IEND", b"")]
    if not rng.randrange(6):
        chunks = _animated(rng, chunks, said)
    if not rng.randrange(6):
        chunks.insert(rng.randrange(1, len(chunks)), rng.choice(chunks))
    if not rng.randrange(10):
        del chunks[rng.randrange(len(chunks))]
    if not rng.randrange(10):
        at = rng.randrange(len(chunks))
        chunks[at] = chunks[at][0], mutate_bytes(rng, chunks[at][1])
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


def _rows(rng: random.Random, size: tuple[int, int], colour: int, depth: int) -> bytes:
    """Return filtered rows; interlaced ones are as many bytes, or a few too few."""
    width, height = size
    grey = grey_picture(rng, width, height)
    if depth == 8:
        pixels = np.repeat(grey[..., None], CHANNELS[colour], axis=2).reshape(height, -1)
    elif depth == 16:
        wide = np.repeat(grey[..., None].astype(">u2") * 257, CHANNELS[colour], axis=2)
        pixels = np.frombuffer(wide.tobytes(), np.uint8).reshape(height, -1)
    else:
        pixels = np.packbits(grey > 127, axis=1)
        pixels = np.tile(pixels, (1, depth))[:, : (width * depth + 7) // 8]
    kind = rng.choice((0, 0, 1, 2, 3, 4, 5))
    return np.pad(pixels, ((0, 0), (1, 0)), constant_values=kind).tobytes() + bytes(8 * height)


def _blank(size: tuple[int, int], colour: int, depth: int) -> bytes:
    return bytes((1 + (size[0] * depth * CHANNELS[colour] + 7) // 8) * size[1] + 16 * size[1])


def _before(rng: random.Random, colour: int, depth: int) -> list[tuple[bytes, bytes]]:
    """Return the chunks before the data: a palette where one is needed, and metadata nobody asked for."""
    chunks = []
    if colour == 3 or not rng.randrange(10):
        chunks.append((b"PLTE", rng.randbytes(3 * rng.choice((1, 2, 2**depth % 257, 256)))))
    if not rng.randrange(3):
        chunks.append((b"tRNS", rng.randbytes(rng.choice((1, 2, 6, 256)))))
    bomb = bytes(BOMB if not rng.randrange(10) else 1000)
    extras = [
        (b"eXIf", exif(rng)),
        (b"zTXt", b"Comment\0\0" + zlib.compress(bomb, 1)),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bomb, 1)),
        (b"iCCP", b"profile\0\0" + zlib.compress(bomb, 1)),
        (b"tEXt", b"Key\0" + rng.randbytes(20)),
        (b"gAMA", rng.randbytes(4)),
        (b"pHYs", rng.randbytes(9)),
        (b"cHRM", rng.randbytes(rng.choice((32, 7)))),
        (b"cICP", rng.randbytes(4)),
        (b"sRGB", b"\x09"),
        (b"abCd", rng.randbytes(5)),
    ]
    return chunks + rng.sample(extras, rng.choice((0, 0, 1, 3)))


def _data(rng: random.Random, packed: bytes) -> list[tuple[bytes, bytes]]:
    """Return the data in one chunk or several, now and then damaged or cut."""
    if not rng.randrange(12):
        packed = mutate_bytes(rng, packed)
    if not rng.randrange(12):
        packed = packed[: len(packed) // 2]
    step = max(1, len(packed) // rng.choice((1, 1, 3)))
    return [(b"IDAT", packed[at : at + step]) for at in range(0, len(packed), step)][:50]


def _animated(
    rng: random.Random, chunks: list[tuple[bytes, bytes]], size: tuple[int, int]
) -> list[tuple[bytes, bytes]]:
    control = struct.pack(">II", rng.choice((0, 1, 2, 2**31)), rng.randrange(3))
    frame = struct.pack(">IIIIIHHBB", 0, *size, *(rng.choice((0, 0, 5, 2**31 - 1)) for _ in range(2)), 1, 0, 2, 1)
    data = next((content for name, content in chunks if name == b"IDAT"), b"")
    more = [(b"fcTL", b"\0\0\0\1" + frame[4:]), (b"fdAT", struct.pack(">I", 2) + data)] * rng.choice((1, 3))
    return [chunks[0], (b"acTL", control), (b"fcTL", frame), *chunks[1:-1], *more, chunks[-1]]


def exif(rng: random.Random) -> bytes:
    """Return EXIF with an orientation that there is, or that there is not, and what else may be in it."""
    order = rng.choice(("<", ">"))
    entries = [(0x0112, rng.choice((3, 3, 4, 2, 7, 5)), rng.choice((1, 1, 2, 0)), rng.choice((*range(10), 2**31)))]
    entries += [(rng.randrange(2**16), rng.randrange(14), rng.choice((1, 2**31)), rng.randrange(2**32))] * (
        rng.choice((0, 1, 5))
    )
    body = b"".join(
        struct.pack(order + "HHI", tag, kind, number) + struct.pack(order + "HH", value % 2**16, value >> 16)
        for tag, kind, number, value in entries
    )
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", rng.choice((8, 8, 8, 0, 2**31)))
    count = struct.pack(order + "H", rng.choice((len(entries), len(entries), 65535)))
    return head + count + body + struct.pack(order + "I", rng.choice((0, 0, 8)))  # the next one: itself


def jpeg(rng: random.Random) -> bytes:
    """Return a JPEG, of which most can be read."""
    size = small_size(rng)
    if not rng.randrange(80):
        size = (7000, 7071)
    mode = rng.choice(("L", "RGB", "RGB", "CMYK", "YCbCr"))
    picture = Image.fromarray(grey_picture(rng, *size)) if size[0] < 5000 else Image.new("L", size, 255)
    file = io.BytesIO()
    options: dict[str, object] = {"quality": rng.choice((5, 75, 100)), "progressive": not rng.randrange(3)}
    if mode != "L" and rng.randrange(2):
        options["subsampling"] = rng.choice((0, 1, 2))
    if not rng.randrange(4):
        options["restart_marker_rows"] = 1
    picture.convert(mode).save(file, "JPEG", **options)
    content = file.getvalue()
    for _ in range(rng.choice((0, 0, 1, 3))):
        content = content[:2] + _segment(rng) + content[2:]
    if not rng.randrange(8):
        content = _resized(rng, content)
    if not rng.randrange(8):
        content = content[: rng.randrange(len(content))]
    if not rng.randrange(10):  # several pictures in one file, as some cameras write
        content += content
    return content


def _segment(rng: random.Random) -> bytes:
    index = b"MPF\0II*\0\x08\0\0\0" + rng.randbytes(2) + struct.pack("<HHI", 0xB001, 4, 1) + rng.randbytes(60)
    marker, body = rng.choice(
        (
            (0xE1, b"Exif\0\0" + exif(rng)),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + rng.randbytes(40)),
            (0xE2, index),
            (0xE2, b"ICC_PROFILE\0" + bytes([rng.randrange(4), rng.randrange(4)]) + rng.randbytes(50)),
            (0xE0, b"JFIF\0" + rng.randbytes(9)),
            (0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0" + rng.randbytes(rng.choice((4, 20)))),
            (0xEE, b"Adobe\0" + rng.randbytes(6)),
            (0xFE, rng.randbytes(10)),
            (0xDB, rng.randbytes(65)),
            (0xC4, rng.randbytes(30)),
            (0xDD, rng.randbytes(2)),
        )
    )
    length = rng.choice((len(body) + 2, len(body) + 2, len(body) + 2, 0, 1, 65535))
    return bytes([0xFF, marker]) + struct.pack(">H", length) + body


def _resized(rng: random.Random, content: bytes) -> bytes:
    """Return a JPEG whose frame says that it is of another size, depth or number of colours."""
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        at = content.find(marker)
        if at > 0 and len(content) > at + 10:
            field, value = rng.choice(((4, b"\x00\x08"), (5, rng.randbytes(4)), (5, b"\xff\xff" * 2), (9, b"\x02")))
            return content[: at + field] + value + content[at + field + len(value) :]
    return content


def bmp(rng: random.Random) -> bytes:
    """Return a BMP, of which many can be read: all headers, depths and ways of packing, right or not."""
    width, height = small_size(rng)
    bits = rng.choice((1, 4, 8, 16, 24, 32, 2, 64))
    packing = rng.choice((0, 0, 0, 3, 1 if bits == 8 else 2, 4, 6))
    header = rng.choice((12, 40, 40, 52, 56, 64, 108, 124))
    stride = (width * bits + 31) // 32 * 4
    data = rng.randbytes(min(stride * height, 400_000)) if rng.randrange(2) else bytes(min(stride * height, 400_000))
    if packing in (1, 2) and rng.randrange(2):
        data = _runs(rng, width, height)
    said = (width, height) if rng.randrange(6) else (rng.choice((width, *HUGE)), rng.choice((height, *HUGE)))
    if header == 12:
        info = struct.pack("<IHHHH", 12, said[0] % 65536, said[1] % 65536, 1, bits)
    else:
        rows = -said[1] if not rng.randrange(4) else said[1]
        used = rng.choice((0, 0, 2, 256, 2**31))
        info = struct.pack("<IIiHHIIiiII", header, said[0], _signed(rows), 1, bits, packing, len(data), 1, 1, used, 0)
        masks = rng.choice(((0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xF800, 0x7E0, 0x1F, 0), (7, 7, 7, 7)))
        info += struct.pack("<IIII", *masks)[: max(0, header - 40)] + bytes(max(0, header - 56))
    colours = rng.randbytes(rng.choice((4, 3)) * min(2**bits, 256)) if bits <= 8 else b""
    start = rng.choice((14 + len(info) + len(colours),) * 4 + (0, 14, 2**31))
    content = b"BM" + struct.pack("<IHHI", 14 + len(info) + len(colours) + len(data), 0, 0, start) + info
    content += colours + data
    return content if rng.randrange(6) else content[: rng.randrange(len(content))]


def _signed(number: int) -> int:
    return (number + 2**31) % 2**32 - 2**31


def _runs(rng: random.Random, width: int, height: int) -> bytes:
    """Return run lengths with all the escapes there are: ends, leaps out of the picture, literal bytes."""
    out = bytearray()
    for _ in range(min(height, 200) * 2):
        out += bytes([rng.choice((1, width % 256, 255)), rng.randrange(256)])
        out += rng.choice((b"", b"\0\0", b"\0\1", b"\0\2" + rng.randbytes(2), b"\0\5" + rng.randbytes(6)))
    return bytes(out) + b"\0\1"
