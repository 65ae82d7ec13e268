"""The slider in a bare page: gestures reach Python, Python reaches the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mvae_widgets as mv
from tests.browser.bare import BarePage


def test_the_slider_follows_keys_and_python(model: Any, reel: Any, air: Any, bare: Callable[..., BarePage]) -> None:
    slider = mv.InterpolationSlider(model, reel, air, steps=5)
    page = bare(width=800)
    root = page.show(slider)
    root.locator(".mv-slider").press("End")
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.step === '4'")
    page.page.wait_for_timeout(100)
    assert slider.value == 1.0
    slider.value = 0.25
    page.flush()
    page.page.wait_for_function("() => document.querySelector('.mv-root').dataset.step === '1'")
    assert not page.errors
