"""A drawing list as PNG: shapes by exact distance (no jagged edge at any scale), text by Pillow."""

from __future__ import annotations

import io
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..colour import rgb
from ..errors import MusicVAEError
from .drawing import Circle, Drawing, Gradient, Line, Rect, Shape, Span, Text

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

__all__ = ["to_png"]

Coverage = npt.NDArray[np.float32]

# Where the bundled font lacks a sign (a Chinese title), the first of these that is installed has it.
_FALLBACK_FONTS = (
    "DejaVuSans.ttf",
    "segoeui.ttf",
    "Arial Unicode.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
    "wqy-microhei.ttc",
)


def to_png(drawing: Drawing, scale: int = 2, colours: int | None = None) -> bytes:
    """Paint a drawing.

    Parameters
    ----------
    drawing
        What to paint. Outside its first shape (the paper) the picture is transparent.
    scale
        Device pixels for one CSS pixel.
    colours
        At most so many of them, for a small file; None keeps all.

    Returns
    -------
    bytes
        A PNG file of ``scale * width`` x ``scale * height`` pixels, with its words in the text
        chunks Title and Description.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    canvas = _Canvas(drawing.width, drawing.height, scale)
    for shape in drawing.shapes:
        canvas.paint(shape)
    info = PngInfo()
    info.add_itxt("Title", drawing.title)
    if drawing.description:
        info.add_itxt("Description", drawing.description)
    out = io.BytesIO()
    image = Image.fromarray(canvas.pixels())
    more: dict[str, int] = {}
    if colours is not None:
        # Median cut keeps the many pale shades apart; outside the paper there is one index that is transparent.
        few = image.convert("RGB").quantize(colours - 1, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        outside = np.asarray(image)[..., 3] < 128
        pixels = np.where(outside, colours - 1, np.asarray(few)).astype(np.uint8)
        image = Image.frombytes("P", image.size, pixels.tobytes())
        image.putpalette([*(few.getpalette() or [])[: 3 * (colours - 1)], 255, 255, 255])
        more = {"transparency": colours - 1}
    image.save(out, "PNG", pnginfo=info, dpi=(96 * scale, 96 * scale), compress_level=9, **more)
    return out.getvalue()


class _Canvas:
    def __init__(self, width: float, height: float, scale: int) -> None:
        self.scale = scale
        shape = (max(1, round(height * scale)), max(1, round(width * scale)))
        self.colour = np.zeros((*shape, 3), dtype=np.float32)
        self.alpha = np.zeros(shape, dtype=np.float32)

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Give the picture as RGBA bytes."""
        straight = self.colour / np.maximum(self.alpha, 1e-6)[..., None]
        rgba = np.concatenate([straight, self.alpha[..., None] * 255], axis=-1)
        out: npt.NDArray[np.uint8] = np.clip(np.rint(rgba), 0, 255).astype(np.uint8)
        return out

    def paint(self, shape: Shape) -> None:
        match shape:
            case Rect():
                self._rect(shape)
            case Line():
                self._line(shape)
            case Circle():
                self._circle(shape)
            case Gradient():
                self._gradient(shape)
            case Text():
                self._text(shape)

    def _blend(self, box: tuple[int, int, int, int], cover: Coverage, colour: str | npt.NDArray[np.float32]) -> None:
        """Lay a colour (premultiplied "over") on the pixels of a box by their coverage."""
        x0, y0, x1, y1 = box
        paint = np.array(rgb(colour), dtype=np.float32) if isinstance(colour, str) else colour
        keep = 1 - cover
        part = self.colour[y0:y1, x0:x1]
        part *= keep[..., None]
        part += cover[..., None] * paint
        alpha = self.alpha[y0:y1, x0:x1]
        alpha *= keep
        alpha += cover

    def _grid(
        self, x0: float, y0: float, x1: float, y1: float
    ) -> tuple[tuple[int, int, int, int], Coverage, Coverage] | None:
        """Give the pixel box round a region (device px) and its pixel centres."""
        height, width = self.alpha.shape
        left, top = max(0, int(np.floor(x0 - 1))), max(0, int(np.floor(y0 - 1)))
        right, bottom = min(width, int(np.ceil(x1 + 1))), min(height, int(np.ceil(y1 + 1)))
        if left >= right or top >= bottom:
            return None
        xs = np.arange(left, right, dtype=np.float32) + np.float32(0.5)
        ys = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5)
        return (left, top, right, bottom), xs, ys

    def _rect(self, s: Rect) -> None:
        k = self.scale
        x0, y0, x1, y1 = s.x * k, s.y * k, (s.x + s.w) * k, (s.y + s.h) * k
        reach = s.stroke_width * k / 2 if s.stroke else 0.0
        grid = self._grid(x0 - reach, y0 - reach, x1 + reach, y1 + reach)
        if grid is None:
            return
        box, xs, ys = grid
        radius = min(s.radius * k, (x1 - x0) / (1 if s.left_only else 2), (y1 - y0) / 2)
        if radius <= 0 and not s.stroke:
            # Exact area for sharp boxes: thin ones keep their weight wherever they fall.
            across = np.clip(np.minimum(xs + 0.5, x1) - np.maximum(xs - 0.5, x0), 0, 1)
            down = np.clip(np.minimum(ys + 0.5, y1) - np.maximum(ys - 0.5, y0), 0, 1)
            if s.fill:
                self._blend(box, (across * down * s.alpha).astype(np.float32), s.fill)
            return
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        r = np.where(xs < cx, radius, 0).astype(np.float32) if s.left_only else np.float32(radius)
        qx = np.abs(xs - cx) - (x1 - x0) / 2 + r
        qy = np.abs(ys - cy) - (y1 - y0) / 2 + r
        distance = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0) - r
        if s.fill:
            self._blend(box, (np.clip(0.5 - distance, 0, 1) * s.alpha).astype(np.float32), s.fill)
        if s.stroke and s.dash:
            for side in _dashed_sides(s):
                self._line(side)
        elif s.stroke:
            cover = np.clip(reach + 0.5 - np.abs(distance), 0, 1) * s.alpha
            self._blend(box, cover.astype(np.float32), s.stroke)

    def _line(self, s: Line) -> None:
        k, half = self.scale, s.width * self.scale / 2
        x1, y1, x2, y2 = s.x1 * k, s.y1 * k, s.x2 * k, s.y2 * k
        if not s.round_ends and (x1 == x2 or y1 == y2):
            dx, dy = (half, 0.0) if x1 == x2 else (0.0, half)
            left, top = (min(x1, x2) - dx) / k, (min(y1, y2) - dy) / k
            width, height = (abs(x2 - x1) + 2 * dx) / k, (abs(y2 - y1) + 2 * dy) / k
            self._rect(Rect(left, top, width, height, s.colour, alpha=s.alpha))
            return
        grid = self._grid(min(x1, x2) - half, min(y1, y2) - half, max(x1, x2) + half, max(y1, y2) + half)
        if grid is None:
            return
        box, xs, ys = grid
        cover = np.clip(half + 0.5 - _distance_to_segment(xs, ys, x1, y1, x2, y2), 0, 1) * s.alpha
        self._blend(box, cover.astype(np.float32), s.colour)

    def _circle(self, s: Circle) -> None:
        k = self.scale
        x, y, r = s.x * k, s.y * k, s.r * k
        reach = s.stroke_width * k / 2 if s.stroke else 0.0
        grid = self._grid(x - r - reach, y - r - reach, x + r + reach, y + r + reach)
        if grid is None:
            return
        box, xs, ys = grid
        distance = np.hypot(xs - x, ys - y) - r
        if s.fill:
            self._blend(box, (np.clip(0.5 - distance, 0, 1) * s.alpha).astype(np.float32), s.fill)
        if s.stroke:
            self._blend(box, np.clip(reach + 0.5 - np.abs(distance), 0, 1).astype(np.float32), s.stroke)

    def _gradient(self, s: Gradient) -> None:
        k, half = self.scale, s.width * self.scale / 2
        x1, x2, y = s.x1 * k, s.x2 * k, s.y * k
        grid = self._grid(x1 - half, y - half, x2 + half, y + half)
        if grid is None:
            return
        box, xs, ys = grid
        at = (xs - x1) / max(x2 - x1, 1e-6)
        stops = [stop for stop, _ in s.stops]
        paint = np.stack(
            [np.interp(at, stops, [rgb(colour)[i] for _, colour in s.stops]) for i in range(3)], axis=-1
        ).astype(np.float32)
        cover = np.clip(half + 0.5 - _distance_to_segment(xs, ys, x1, y, x2, y), 0, 1)
        self._blend(box, cover.astype(np.float32), paint)

    def _text(self, s: Text) -> None:
        runs = [run for span in s.spans for run in self._runs(span, s.size)]
        length = sum(gap + width for _, _, gap, width in runs)
        x = s.x * self.scale - {"start": 0.0, "middle": length / 2, "end": length}[s.anchor]
        for span, font, gap, width in runs:
            x += gap
            self._glyphs(x, s.y * self.scale, span, font)
            x += width

    def _runs(self, span: Span, size: float) -> list[tuple[Span, FreeTypeFont, float, float]]:
        """Cut a span into runs of one font: (span, font, gap before, width), device px."""
        runs: list[tuple[Span, FreeTypeFont, float, float]] = []
        pixels = size * self.scale
        gap = span.gap * self.scale
        for font, group in groupby(span.text, key=lambda char: _font_for(char, pixels)):
            text = "".join(group)
            if font is None:
                # Hinting narrows the bundled font's word space until words run together.
                gap += 0.28 * pixels * len(text)
                continue
            width = font.getlength(text) + _bold(span, pixels)
            runs.append((Span(text, span.colour, span.weight), font, gap, width))
            gap = 0.0
        return runs

    def _glyphs(self, x: float, baseline: float, span: Span, font: FreeTypeFont) -> None:
        bold = _bold(span, font.size)
        x0, y0, x1, y1 = font.getbbox(span.text, anchor="ls")
        if x1 <= x0 or y1 <= y0:
            return
        from PIL import Image, ImageDraw

        # Whole pixels for the box; the rest of x goes into the drawing, so spacing stays even.
        left, top = int(np.floor(x + x0)) - 2, int(np.floor(baseline + y0)) - 2
        size = (int(np.ceil(x1 - x0 + bold)) + 5, int(np.ceil(y1 - y0)) + 5)
        mask = Image.new("L", size)
        pen = ImageDraw.Draw(mask)
        pen.text((x - left, baseline - top), span.text, fill=255, font=font, anchor="ls")
        cover: Coverage = np.asarray(mask, dtype=np.float32) / np.float32(255)
        if bold:
            cover = _embolden(cover, bold)
        height, width = self.alpha.shape
        cut_l, cut_t = max(0, -left), max(0, -top)
        cover = cover[cut_t : max(cut_t, height - top), cut_l : max(cut_l, width - left)]
        if cover.size:
            x_at, y_at = left + cut_l, top + cut_t
            box = (x_at, y_at, x_at + cover.shape[1], y_at + cover.shape[0])
            self._blend(box, cover, span.colour)


def _bold(span: Span, pixels: float) -> float:
    """Give the width, device px, by which a 600 text is thickened: the bundled font has one weight."""
    return pixels * 0.045 if span.weight > 400 else 0.0


def _embolden(cover: Coverage, by: float) -> Coverage:
    """Thicken glyphs sideways by a fraction of a pixel or more."""
    whole, rest = int(by), np.float32(by - int(by))
    out = cover.copy()
    for shift in range(1, whole + 1):
        out[:, shift:] = np.maximum(out[:, shift:], cover[:, :-shift])
    shift = whole + 1
    out[:, shift:] = np.maximum(out[:, shift:], cover[:, :-shift] * rest)
    return out


def _distance_to_segment(xs: Coverage, ys: Coverage, x1: float, y1: float, x2: float, y2: float) -> Coverage:
    dx, dy = x2 - x1, y2 - y1
    square = dx * dx + dy * dy
    t = np.clip(((xs - x1) * dx + (ys - y1) * dy) / square, 0, 1) if square else np.float32(0)
    out: Coverage = np.hypot(xs - (x1 + t * dx), ys - (y1 + t * dy)).astype(np.float32)
    return out


def _dashed_sides(s: Rect) -> list[Line]:
    """Cut the outline of a rectangle into dashes, side by side, clear of the rounded corners."""
    on, off = s.dash or (1.0, 0.0)
    r = min(s.radius, s.w / 2, s.h / 2) * 0.6
    colour = s.stroke or "#000000"
    lines = []
    for horizontal, length in ((True, s.w - 2 * r), (False, s.h - 2 * r)):
        count = max(1, round((length + off) / (on + off)))
        step = (length + off) / count
        for i in range(count):
            a, b = i * step, min(length, i * step + step - off)
            if b <= a:
                continue
            for far in (False, True):
                if horizontal:
                    y = s.y + s.h * far
                    lines.append(Line(s.x + r + a, y, s.x + r + b, y, colour, s.stroke_width, s.alpha))
                else:
                    x = s.x + s.w * far
                    lines.append(Line(x, s.y + r + a, x, s.y + r + b, colour, s.stroke_width, s.alpha))
    return lines


@lru_cache(maxsize=64)
def _font(name: str, pixels: float) -> FreeTypeFont | None:
    from PIL import ImageFont

    if not name:
        font = ImageFont.load_default(pixels)
        return font if isinstance(font, ImageFont.FreeTypeFont) else None
    try:
        return ImageFont.truetype(name, pixels)
    except OSError:
        return None


@lru_cache(maxsize=4096)
def _font_for(char: str, pixels: float) -> FreeTypeFont | None:
    """Find the first font that has a character; None for a space."""
    if char.isspace():
        return None
    first = None
    for name in ("", *_FALLBACK_FONTS):
        font = _font(name, pixels)
        if font is None:
            continue
        first = first or font
        if not _is_missing(font, char):
            return font
    if first is None:
        raise MusicVAEError("The Pillow that is installed cannot write text.", "Install one built with FreeType.")
    return first


def _is_missing(font: FreeTypeFont, char: str) -> bool:
    """Tell whether a font draws its sign for "no such character"."""
    return bytes(font.getmask(char)) == bytes(font.getmask("\U000effff"))
