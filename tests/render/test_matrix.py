"""The matrix picture says its numbers."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from mvae_widgets.errors import ConfigError
from mvae_widgets.render.drawing import Rect
from mvae_widgets.render.matrix import matrix_drawing, matrix_png, matrix_svg

NAMES = ["note density", "mean pitch"]
VALUES = np.array([[40.0, -10.0], [2.2, np.nan]])
MARGINS = np.array([[2.0, 0.5], [0.1, 1.0]])


def squares(theme: str = "light") -> list[Rect]:
    drawing = matrix_drawing(NAMES, NAMES, VALUES, MARGINS, title="T", theme=theme)  # type: ignore[arg-type]
    return [s for s in drawing.shapes if isinstance(s, Rect) and s.radius == 2]


def test_numbers_signs_and_margins_are_written() -> None:
    svg = matrix_svg(NAMES, NAMES, VALUES, MARGINS, title="What <knobs> do")
    root = ElementTree.fromstring(svg)
    words = [e.text for e in root.iter() if e.tag.endswith("text")]
    for word in ("+40", "\u221210", "+2", "\u00b1 2", "\u00b1 0.5", "density", "note density", "What <knobs> do"):
        assert word in words
    assert not any("nan" in (word or "") for word in words)


def test_area_is_size_and_hollow_is_less() -> None:
    more, less, tiny = squares()
    assert more.fill is not None
    assert more.stroke is None
    assert less.fill is None
    assert less.stroke is not None
    assert more.w == pytest.approx(less.w + 1.5)  # each the largest of its column
    assert (tiny.w / more.w) ** 2 == pytest.approx(2.2 / 40, rel=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_png_is_twice_the_pixels(theme: str) -> None:
    image = Image.open(io.BytesIO(matrix_png(NAMES, NAMES, VALUES, title="T", theme=theme)))
    svg = matrix_svg(NAMES, NAMES, VALUES, title="T", theme=theme)
    width, height = map(float, re.search(r'width="([\d.]+)" height="([\d.]+)"', svg).groups())  # type: ignore[union-attr]
    assert image.size == (2 * width, 2 * height)
    ground = image.convert("RGB").getpixel((2, 2))
    assert (sum(ground) > 380) == (theme == "light")  # type: ignore[arg-type]


def test_next_to_nothing_has_no_square() -> None:
    drawing = matrix_drawing(["a"], ["b", "c"], [[0.2, -300]], title="T", scales=[40, 300])
    assert len([s for s in drawing.shapes if isinstance(s, Rect) and s.radius == 2]) == 1


def test_wrong_shapes_say_so() -> None:
    with pytest.raises(ConfigError, match="does not fit"):
        matrix_drawing(NAMES, NAMES[:1], VALUES, title="T")
