"""A SoundFont file written from its specification: one instrument, a looped sine."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

RATE = 44100
CYCLE = 100  # samples: 441 Hz, A4 but for 4 cents


def _chunk(tag: bytes, data: bytes) -> bytes:
    return tag + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _listed(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(chunks))


def _name(text: str) -> bytes:
    return text.encode().ljust(20, b"\0")


def write(path: Path, program: int = 0) -> Path:
    """Write a SoundFont whose one preset, at a program of bank 0, is a pure sine."""
    wave = np.sin(2 * np.pi * np.arange(CYCLE * 100) / CYCLE) * 20000
    samples = np.concatenate([wave, np.zeros(46)]).astype("<i2").tobytes()
    info = _listed(
        b"INFO", _chunk(b"ifil", struct.pack("<HH", 2, 1)), _chunk(b"isng", b"EMU8000\0"), _chunk(b"INAM", b"Sine\0\0")
    )
    presets = struct.pack("<20sHHHIII", _name("Sine"), program, 0, 0, 0, 0, 0)
    presets += struct.pack("<20sHHHIII", _name("EOP"), 0, 0, 1, 0, 0, 0)
    # Generators: 41 the instrument of a preset; 54 sample modes (1 loops), 53 the sample.
    zones = struct.pack("<HH", 0, 0)
    sample = struct.pack("<20sIIIIIBbHH", _name("Sine"), 0, CYCLE * 100, CYCLE, CYCLE * 99, RATE, 69, 0, 0, 1)
    sample += struct.pack("<20sIIIIIBbHH", _name("EOS"), 0, 0, 0, 0, 0, 0, 0, 0, 0)
    pdta = _listed(
        b"pdta",
        _chunk(b"phdr", presets),
        _chunk(b"pbag", zones + struct.pack("<HH", 1, 0)),
        _chunk(b"pmod", b"\0" * 10),
        _chunk(b"pgen", struct.pack("<HH", 41, 0) + b"\0" * 4),
        _chunk(b"inst", struct.pack("<20sH", _name("Sine"), 0) + struct.pack("<20sH", _name("EOI"), 1)),
        _chunk(b"ibag", zones + struct.pack("<HH", 2, 0)),
        _chunk(b"imod", b"\0" * 10),
        _chunk(b"igen", struct.pack("<HHHH", 54, 1, 53, 0) + b"\0" * 4),
        _chunk(b"shdr", sample),
    )
    path.write_bytes(_chunk(b"RIFF", b"sfbk" + info + _listed(b"sdta", _chunk(b"smpl", samples)) + pdta))
    return path
