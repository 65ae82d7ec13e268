"""Small made-up collections in the layout of the prepared files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mvae_widgets.music.performance import DRUM_PROGRAM, Vocabulary

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


def write_multitracks(folder: Path) -> None:
    """Bars of a piano in quarters, a bass in halves and more or fewer drums."""
    rng, words = np.random.default_rng(3), Vocabulary()
    passages = []
    for _ in range(PASSAGES):
        labels: list[int] = []
        for _ in range(BARS):
            root = int(rng.choice([48, 50, 53, 55]))
            piano = [(24 * k, 24 * (k + 1), root + 12 + int(rng.choice([0, 4, 7])), 5) for k in range(4)]
            bass = [(48 * k, 48 * (k + 1), root - 12, 6) for k in range(2)]
            drums = [(12 * k, 12 * k + 6, 36 + 2 * (k % 2), 7) for k in range(int(rng.integers(1, 9)))]
            for program, notes in ((0, piano), (33, bass), (DRUM_PROGRAM, drums)):
                labels += [words.program + program, *words.encode(notes, 96), words.end]
            labels.append(-1)
        passages.append(np.array(labels, np.int16))
    np.savez(
        folder / "multitrack.npz",
        events=np.concatenate(passages),
        offsets=np.cumsum([0, *map(len, passages)]),
        split=SPLIT,
        source=np.zeros(PASSAGES, np.uint8),
        source_names=np.array(["band"]),
    )
