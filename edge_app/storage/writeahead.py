"""SQLite's write-ahead log, read so far as to see that it is damaged before its end (sqlite.org/fileformat2, 4)."""

import struct

HEADER, FRAME = 32, 24  # bytes before the first frame, and of each before its page
SALTS = slice(16, 24)  # in the header; the frames that belong to it repeat them
LITTLE = 0x377F0682  # the number a log begins with whose sums are of little-endian words; one more: big-endian


def changes_lost(log: bytes, taken: int, page_size: int) -> int:
    """Return how many changes lie in a log beyond the `taken` frames that SQLite makes use of.

    SQLite stops at the first frame whose sum is wrong, and takes it for one that was never finished. Of those there is
    one at most, as each change is synced before the next begins; two and more are lost to damage.
    """
    size = FRAME + page_size
    frames = [log[at : at + FRAME] for at in range(HEADER, len(log) - size + 1, size)]
    if not frames:
        return 0
    salts = log[SALTS] if _is_sound(log[:HEADER]) else frames[0][8:16]
    found = sum(frame[8:16] == salts and frame[4:8] != b"\0\0\0\0" for frame in frames[taken:])
    return found if found > 1 else 0


def _is_sound(header: bytes) -> bool:
    """Return whether a log's header has the sum that it says."""
    magic = int.from_bytes(header[:4], "big")
    if magic not in (LITTLE, LITTLE + 1):
        return False
    first = second = 0
    for one, other in struct.iter_unpack("<II" if magic == LITTLE else ">II", header[:24]):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return struct.pack(">II", first, second) == header[24:32]
