"""Attributes of clips whose values can be read off the page."""

from __future__ import annotations

import numpy as np
import pytest

from mvae_widgets.music.features import FEATURES

C4 = 60 - 19


def clip(**events: int) -> np.ndarray:
    row = np.zeros((1, 32), np.uint8)
    for step, token in events.items():
        row[0, int(step[1:])] = token
    return row


SCALE = clip(s0=C4, s4=C4 + 2, s8=C4 + 4, s15=1, s16=C4 + 6, s18=C4 + 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("note_density", 5 / 32),
        ("mean_pitch", 60 + (0 + 2 + 4 + 6 + 7) / 5),
        ("pitch_range", 7),
        ("average_interval", (2 + 2 + 2 + 1) / 4),
        ("c_diatonic", 4 / 5),
        ("in_scale", 1.0),  # all in G major
        ("on_beat", 4 / 5),
        ("repetition", 11 / 16),
    ],
)
def test_by_hand(name: str, value: float) -> None:
    assert FEATURES[name](SCALE)[0] == pytest.approx(value)


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_silence_does_not_break(name: str) -> None:
    value = FEATURES[name](clip())[0]
    assert np.isnan(value) or value in (0.0, 1.0)
