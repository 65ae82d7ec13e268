"""Fixtures shared by all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv

FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(__file__).parents[2] / "shared"

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
    # Without a GPU the page is put together faster by the CPU than by a GPU that the CPU plays; WebGL needs that one.
    "--disable-gpu-compositing",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]

JIG = """X:1
T:Reel of the test
M:4/4
L:1/8
Q:1/4=112
K:G
GABc d2Bd|c2Ac B2GB|A2FA GFED|G4 G4|
"""
SLOW = """X:1
T:Slow air
M:4/4
L:1/4
K:C
C2 E2|G2 E2|F2 D2|C4|
"""


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return FIXTURES


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of designs and oracles beside the checkout; never needed to pass."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def model() -> mv.MusicVAE:
    return mv.load("melody-2bar", device="cpu")


@pytest.fixture(scope="session")
def reel() -> object:
    """Four bars of eighths in G."""
    return mv.read(JIG)


@pytest.fixture(scope="session")
def air() -> object:
    """Four bars of halves in C."""
    return mv.read(SLOW)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; a module at a time, since Playwright's loop would disturb what runs notebooks."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed; `make test` installs it where it may")
    with playwright.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        yield chromium
        chromium.close()
