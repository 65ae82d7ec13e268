"""CRC-32C of arrays of bytes, in numpy (MUSICVAE.md 7.1; the Castagnoli polynomial, reflected).

Moving a register on by some zero bytes is a linear map of its 32 bits. So the message, as an array of words,
is folded in half again and again: the first half, moved on by the length of the second, is added to the second.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

__all__ = ["crc32c", "mask"]

Words = np.ndarray[Any, np.dtype[np.uint32]]

_POLYNOMIAL = 0x82F63B78
_CHUNK_BITS = 16
"""Words are folded 2^16 at a time, so that they stay in the cache."""


def mask(crc: int) -> int:
    """The form in which TensorFlow and LevelDB store a CRC."""
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(data: bytes | memoryview | np.ndarray[Any, Any]) -> int:
    """CRC-32C of the bytes; that of ``b"123456789"`` is 0xE3069283."""
    content = np.frombuffer(data, np.uint8) if not isinstance(data, np.ndarray) else data.reshape(-1).view(np.uint8)
    whole = len(content) // 4
    words = content[: 4 * whole].view("<u4")
    register = 0xFFFFFFFF
    for start in range(0, whole, 1 << _CHUNK_BITS):
        register = _advance(register, words[start : start + (1 << _CHUNK_BITS)])
    for byte in content[4 * whole :].tolist():
        register = (register >> 8) ^ _byte_table()[(register ^ byte) & 0xFF]
    return register ^ 0xFFFFFFFF


def _advance(register: int, words: Words) -> int:
    """The register after some words (at least one, at most a chunk)."""
    bits = (len(words) - 1).bit_length()
    folded = np.zeros(1 << bits, np.uint32)
    folded[-len(words) :] = words
    folded[-len(words)] ^= np.uint32(register)
    for k in reversed(range(bits)):
        half = 1 << k
        folded = _apply(k, folded[:half]) ^ folded[half:]
    return int(_apply(0, folded)[0])


def _apply(k: int, words: Words) -> Words:
    """Each word, moved on by 2^k words of zeros."""
    low, high = _tables(k)
    moved: Words = low[words & 0xFFFF] ^ high[words >> 16]
    return moved


@cache
def _tables(k: int) -> tuple[Words, Words]:
    """`_apply` of every lower and every upper half of a word."""
    columns = np.array([_step(1 << bit) for bit in range(32)], np.uint32) if k == 0 else None
    if columns is None:
        one = np.array([1 << bit for bit in range(32)], np.uint32)
        columns = _apply(k - 1, _apply(k - 1, one))
    halves = []
    for part in (columns[:16], columns[16:]):
        table = np.zeros(1, np.uint32)
        for column in part:
            table = np.concatenate([table, table ^ column])
        halves.append(table)
    return halves[0], halves[1]


def _step(register: int) -> int:
    for _ in range(4):
        register = (register >> 8) ^ _byte_table()[register & 0xFF]
    return register


@cache
def _byte_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table
