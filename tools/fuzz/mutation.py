"""Damage to bytes, texts and trees of JSON, as disks, networks and people with bad intentions do it."""

import random
from typing import Any

NUMBERS = (
    0,
    -0.0,
    1,
    -1,
    0.5,
    1e-320,
    1e-9,
    1e9,
    -1e9,
    1e308,
    float("nan"),
    float("inf"),
    2**31,
    2**53,
    -(2**63),
    2**64,
)
TEXTS = (
    "",
    "7",
    "?",
    "\x00",
    "\ud800",
    "\u2028",
    "\x1b[2J",
    "💥" * 40,
    "a\nb",
    "../../etc/passwd",
    "{0.__class__}",
    "%n",
)
BYTES = (b"\x00", b"\xff", b"\x00" * 8, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\r\n", b"\xef\xbb\xbf")
BIG = 10**400  # an integer that no float holds


def mutate_bytes(rng: random.Random, data: bytes, others: list[bytes] = [], most: int = 6) -> bytes:  # noqa: B006
    """Return bytes with one to `most` places damaged: bits, runs, lengths, pieces of `others`, a lost end."""
    content = bytearray(data)
    for _ in range(rng.randint(1, most)):
        at = rng.randrange(len(content) + 1)
        length = min(len(content) - at, rng.choice((1, 1, 2, 4, 16, 256)))
        way = rng.randrange(8)
        if way == 0 and length:
            content[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            content[at : at + length] = rng.randbytes(length)
        elif way == 2:
            content[at : at + length] = b""
        elif way == 3:
            content[at:at] = content[at : at + length] * rng.choice((1, 1, 2, 50))
        elif way == 4:
            content[at : at + length] = rng.choice(BYTES)
        elif way == 5 and others:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            content[at : at + length] = other[start : start + rng.choice((1, 4, 64, 1024))]
        elif way == 6:
            there = rng.randrange(len(content) + 1)
            content[at : at + length], content[there : there + length] = (
                content[there : there + length],
                content[at : at + length],
            )
        elif way == 7 and not rng.randrange(4):
            del content[at:]
    return bytes(content)


def mutate_tree(rng: random.Random, tree: Any, depth: int = 0) -> Any:
    """Return a tree of JSON with something in it changed: a value of another kind, a key gone, a list grown."""
    if depth and not rng.randrange(6):
        return odd_value(rng)
    if isinstance(tree, dict) and tree:
        key = rng.choice(list(tree))
        way = rng.randrange(8)
        if way == 0:
            return {other: value for other, value in tree.items() if other != key}
        if way == 1:
            return {**tree, rng.choice(TEXTS): odd_value(rng)}
        return {**tree, key: mutate_tree(rng, tree[key], depth + 1)}
    if isinstance(tree, list) and tree:
        at, way = rng.randrange(len(tree)), rng.randrange(8)
        if way == 0:
            return tree[:at] + tree[at + 1 :]
        if way == 1:
            return tree[:at] + [tree[at]] * rng.choice((2, 3, 30)) + tree[at + 1 :]
        if way == 2:
            return [*tree[:at], odd_value(rng), *tree[at:]]
        if way == 3:
            return rng.sample(tree, len(tree))
        return [*tree[:at], mutate_tree(rng, tree[at], depth + 1), *tree[at + 1 :]]
    if isinstance(tree, int | float) and not isinstance(tree, bool) and abs(tree) < 1e300 and rng.randrange(3):
        return tree * rng.choice((-1, 0, 1.0, 1e-6, 1e6, 1e300)) + rng.choice((0, 1, -0.5))
    return odd_value(rng)


def odd_value(rng: random.Random, depth: int = 0) -> Any:
    """Return any value that JSON has, and some that it has not."""
    way = rng.randrange(9 if depth < 3 else 6)
    if way < 3:
        return rng.choice(NUMBERS)
    if way == 3:
        return rng.choice((None, True, False, BIG))
    if way < 6:
        return rng.choice(TEXTS)
    if way == 6:
        return {rng.choice(TEXTS): odd_value(rng, depth + 1) for _ in range(rng.randrange(3))}
    return [odd_value(rng, depth + 1) for _ in range(rng.randrange(4))]
