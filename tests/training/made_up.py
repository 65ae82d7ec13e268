"""Small made-up collections in the layout of the prepared files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

PASSAGES, BARS = 40, 4
STEPS = BARS * 16
SPLIT = np.repeat([0, 1, 2], [28, 6, 6]).astype(np.uint8)


def write_drums(folder: Path) -> None:
    """Beats: kick and snare where they belong, hi-hats on the 8ths, and every drum here and there."""
    rng = np.random.default_rng(1)
    hits = rng.random((PASSAGES, STEPS, 9)) < 0.06
    hits[:, ::8, 0] = True
    hits[:, 4::8, 1] = True
    hits[:, ::2, 2] |= rng.random((PASSAGES, 1)) < 0.7
    hits = hits.reshape(-1, 9)
    np.savez(
        folder / "drums.npz",
        mask=(hits << np.arange(9)).sum(1).astype(np.uint16),
        velocity=np.where(hits, rng.integers(20, 128, hits.shape), 0).astype(np.uint8),
        microtiming=np.where(hits, rng.integers(-128, 128, hits.shape), 0).astype(np.int8),
        offsets=np.arange(0, PASSAGES + 1) * STEPS,
        split=SPLIT,
        source_repo=np.array("a repository"),
        source_licence=np.array("CC BY 4.0"),
    )


def write_trios(folder: Path) -> None:
    """A melody in eighths, a bass in quarters and the beats of `write_drums`."""
    rng = np.random.default_rng(2)
    melody, bass = np.full((2, PASSAGES, STEPS), -2, np.int8)
    melody[:, ::2] = 60 + rng.choice([0, 2, 4, 5, 7], (PASSAGES, STEPS // 2))
    melody[rng.random(melody.shape) < 0.2] = -2
    melody[:, 14::16] = -1
    bass[:, ::4] = 36 + rng.choice([0, 5, 7], (PASSAGES, STEPS // 4))
    np.savez(
        folder / "trio.npz",
        melody=melody.ravel(),
        bass=bass.ravel(),
        drums=rng.choice([0, 1, 2, 4, 5, 6], melody.size).astype(np.uint16),
        offsets=np.arange(0, PASSAGES + 1) * STEPS,
        split=SPLIT,
        source=np.zeros(PASSAGES, np.uint8),
        source_names=np.array(["band"]),
    )
