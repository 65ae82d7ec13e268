"""A minute of random gestures, on every widget in one page and in a Studio; `make soak` goes on for ten."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

import mvae_widgets as mv
from mvae_widgets.widgets import messages
from tests.browser.bare import BarePage
from tests.browser.every_widget import WIDGETS, bundled_clips
from tests.browser.soak import Soak

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "6"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
GESTURES = 35
# What a page may hold more than it did.
MORE = {"JSHeapUsedSize": 10e6, "Nodes": 600, "JSEventListeners": 80, "AudioHandlers": 40}


@pytest.mark.parametrize("what", ["widgets", "studio"])
def test_random_gestures_break_nothing_and_leave_nothing_behind(
    what: str, model: Any, bare: Callable[..., BarePage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Undo restores the start, no error anywhere, and the page holds at the end what it held after a while."""
    defects: list[BaseException] = []
    monkeypatch.setattr(messages.traceback, "print_exception", lambda error, **_: defects.append(error))
    clips = bundled_clips(model)
    if what == "studio":
        widgets = {"studio": mv.Studio(model)}
    else:
        widgets = {name: make(model, clips) for name, make in WIDGETS.items() if name != "studio"}
    soak = Soak(bare(), widgets, clips, SEED)
    held = []
    for k in range(ROUNDS):
        held.append(soak.round(GESTURES))
        print(f"round {k + 1} of {ROUNDS}, {soak.done} gestures: {held[-1]}")
        assert defects == []
    # The least of several: what happens to be shown, or not yet let go, is no growth.
    third = max(1, len(held) // 3)
    for name, more in MORE.items():
        early, late = (min(one[name] for one in some) for some in (held[:third], held[-third:]))
        assert late <= early + more, f"{name} grew from {early:.0f} to {late:.0f} (seed {SEED})"
