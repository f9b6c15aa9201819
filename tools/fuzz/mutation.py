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


def mutate_bytes(dice: random.Random, data: bytes, others: list[bytes] = [], most: int = 6) -> bytes:  # noqa: B006
    """Return bytes with one to `most` places damaged: bits, runs, lengths, pieces of `others`, a lost end."""
    content = bytearray(data)
    for _ in range(dice.randint(1, most)):
        at = dice.randrange(len(content) + 1)
        length = min(len(content) - at, dice.choice((1, 1, 2, 4, 16, 256)))
        way = dice.randrange(8)
        if way == 0 and length:
            content[at] ^= 1 << dice.randrange(8)
        elif way == 1:
            content[at : at + length] = dice.randbytes(length)
        elif way == 2:
            content[at : at + length] = b""
        elif way == 3:
            content[at:at] = content[at : at + length] * dice.choice((1, 1, 2, 50))
        elif way == 4:
            content[at : at + length] = dice.choice(BYTES)
        elif way == 5 and others:
            other = dice.choice(others)
            start = dice.randrange(len(other) + 1)
            content[at : at + length] = other[start : start + dice.choice((1, 4, 64, 1024))]
        elif way == 6:
            there = dice.randrange(len(content) + 1)
            content[at : at + length], content[there : there + length] = (
                content[there : there + length],
                content[at : at + length],
            )
        elif way == 7 and not dice.randrange(4):
            del content[at:]
    return bytes(content)


def mutate_tree(dice: random.Random, tree: Any, depth: int = 0) -> Any:
    """Return a tree of JSON with something in it changed: a value of another kind, a key gone, a list grown."""
    if depth and not dice.randrange(6):
        return odd_value(dice)
    if isinstance(tree, dict) and tree:
        key = dice.choice(list(tree))
        way = dice.randrange(8)
        if way == 0:
            return {other: value for other, value in tree.items() if other != key}
        if way == 1:
            return {**tree, dice.choice(TEXTS): odd_value(dice)}
        return {**tree, key: mutate_tree(dice, tree[key], depth + 1)}
    if isinstance(tree, list) and tree:
        at, way = dice.randrange(len(tree)), dice.randrange(8)
        if way == 0:
            return tree[:at] + tree[at + 1 :]
        if way == 1:
            return tree[:at] + [tree[at]] * dice.choice((2, 3, 30)) + tree[at + 1 :]
        if way == 2:
            return [*tree[:at], odd_value(dice), *tree[at:]]
        if way == 3:
            return dice.sample(tree, len(tree))
        return [*tree[:at], mutate_tree(dice, tree[at], depth + 1), *tree[at + 1 :]]
    if isinstance(tree, int | float) and not isinstance(tree, bool) and abs(tree) < 1e300 and dice.randrange(3):
        return tree * dice.choice((-1, 0, 1.0, 1e-6, 1e6, 1e300)) + dice.choice((0, 1, -0.5))
    return odd_value(dice)


def odd_value(dice: random.Random, depth: int = 0) -> Any:
    """Return any value that JSON has, and some that it has not."""
    way = dice.randrange(9 if depth < 3 else 6)
    if way < 3:
        return dice.choice(NUMBERS)
    if way == 3:
        return dice.choice((None, True, False, BIG))
    if way < 6:
        return dice.choice(TEXTS)
    if way == 6:
        return {dice.choice(TEXTS): odd_value(dice, depth + 1) for _ in range(dice.randrange(3))}
    return [odd_value(dice, depth + 1) for _ in range(dice.randrange(4))]
