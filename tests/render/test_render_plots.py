"""Static pictures: the SVG through an XML parser, the PNG through Pillow, both against Chromium's eye."""

from __future__ import annotations

import base64
import io
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvae_widgets.colour import TOKENS, place_colour
from mvae_widgets.errors import ConfigError
from mvae_widgets.music.score import Score, from_sequence
from mvae_widgets.render import plots
from mvae_widgets.render.kit import KIT, drum_name, kit_rows
from mvae_widgets.render.lanes import Axis

Make = Callable[..., Any]
SVG = "{http://www.w3.org/2000/svg}"
PLACES = [(-0.9 + 0.2 * i, -0.8 + 0.2 * i) for i in range(9)]


def parse(svg: str) -> ET.Element:
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    return root


def words(root: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def pixels(png: bytes) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGBA")).astype(int)


def hex_of(rgba: np.ndarray) -> str:
    return "#" + "".join(f"{c:02x}" for c in rgba[:3])


def heads(root: ET.Element, colour: str) -> list[tuple[float, float]]:
    """List the left edges and the middles of the onset heads: x, y in px."""
    found = []
    # A head's path begins after its rounded corner.
    for path in root.iter(f"{SVG}path"):
        if path.get("fill") == colour:
            for x, y, right, h in re.findall(r"M(\S+) (\S+)H(\S+?)v(\S+?)H", path.get("d", "")):
                del right
                found.append((float(x) - 2.5, float(y) + float(h) / 2))
    return found


@pytest.fixture
def score(melody: Any) -> Score:
    return from_sequence(melody)


def test_svg_is_an_accessible_image_of_every_note(score: Score) -> None:
    root = parse(plots.roll_svg(score, place=(-0.2, 0.9)))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Piano roll: Devil's Dream"
    assert root.findtext(f"{SVG}title") == root.get("aria-label")
    assert root.findtext(f"{SVG}desc") == "2 bars, 16 notes, F♯4 to G5, 120 quarters a minute"
    assert words(root)[0] == "Devil's Dream2 bars · 16 notes"
    assert {"1", "1.2", "2", "2.4", "C5"} <= set(words(root))
    drawn = heads(root, place_colour(-0.2, 0.9))
    assert len(drawn) == 16
    # One px to a quarter and to a semitone, everywhere: the picture is the note table, scaled.
    x, y = np.array(drawn).T
    order = np.argsort(x)
    slope, at = np.polyfit(score.notes[:, 0], x[order], 1)
    assert np.allclose(x[order], slope * score.notes[:, 0] + at, atol=0.02)
    pitch_slope, pitch_at = np.polyfit(score.notes[:, 2], y[order], 1)
    assert pitch_slope < 0
    assert np.allclose(y[order], pitch_slope * score.notes[:, 2] + pitch_at, atol=0.02)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [200, 400, 960, 1400])
def test_svg_holds_nothing_that_runs_or_fetches(trio: Any, theme: str, width: int) -> None:
    svg = plots.roll_svg(from_sequence(trio), place=(0.3, 0.3), theme=theme, width=width)
    strip = plots.strip_svg([from_sequence(trio)] * 9, PLACES, ["a", "b"], 4, theme=theme, width=width)
    for text in (svg, strip):
        root = parse(text)
        assert root.get("width") == str(width)
        tags = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert tags <= {
            "svg", "title", "desc", "g", "path", "rect", "circle", "text", "tspan", "defs", "linearGradient", "stop"
        }  # fmt: skip
        for element in root.iter():
            assert not any(name.startswith("on") or "href" in name for name in element.keys())  # noqa: SIM118
        assert re.findall(r"url\((?!#)", text) == []
        assert re.findall(r"\w+://\S+", text.replace("http://www.w3.org/2000/svg", "")) == []


def test_words_are_escaped_and_control_characters_dropped(melody: Any) -> None:
    evil = '</title><script>alert(1)</script>"\' onload="x" & 茉莉花 \x00\x1b\ud800'
    root = parse(plots.roll_svg(from_sequence(melody), title=evil, subtitle="<b>", width=1400))
    assert not list(root.iter(f"{SVG}script"))
    assert "onload" not in root.attrib
    clean = evil.translate({0: None, 0x1B: None, 0xD800: None}).strip()
    assert words(root)[0].startswith(clean)
    assert root.findtext(f"{SVG}title") == f"Piano roll: {clean}"
    assert pixels(plots.roll_png(from_sequence(melody), title=evil, width=1400)).shape[1] == 2800
    strip = plots.strip_svg([from_sequence(melody)] * 2, [], ["<a>", "&b"])
    assert "A<a>" in words(parse(strip))


def test_neutral_has_no_seal_and_no_place_colour(score: Score) -> None:
    neutral, placed = (parse(plots.roll_svg(score, place=place)) for place in (None, (0.5, 0.5)))
    assert not list(neutral.iter(f"{SVG}circle"))
    assert len(list(placed.iter(f"{SVG}circle"))) == 1
    assert len(heads(neutral, TOKENS["light"]["ink2"])) == 16
    assert plots.roll_svg(score, place=[]) == plots.roll_svg(score)


def test_seal_shows_the_place(score: Score) -> None:
    for u, v in ((-1, -1), (0, 0), (1, 0.5)):
        root = parse(plots.roll_svg(score, place=(u, v)))
        (dot,) = root.iter(f"{SVG}circle")
        (seal,) = [r for r in root.iter(f"{SVG}rect") if r.get("width") == "18"]
        inner = 18 * 0.56
        x, y = float(dot.get("cx", 0)) - float(seal.get("x", 0)), float(dot.get("cy", 0)) - float(seal.get("y", 0))
        assert (x, y) == pytest.approx((9 + u * inner / 2, 9 - v * inner / 2), abs=0.02)


def test_png_is_crisp_and_in_the_colours(score: Score) -> None:
    image = pixels(plots.roll_png(score, place=(-0.2, 0.9)))
    root = parse(plots.roll_svg(score, place=(-0.2, 0.9)))
    assert image.shape[:2] == (2 * int(root.get("height", 0)), 2 * int(root.get("width", 0)))
    assert image[0, 0, 3] == 0  # outside the paper's round corner
    assert image[40, 600, 3] == 255
    assert hex_of(image[60, 1500]) == "#ffffff"
    colour = place_colour(-0.2, 0.9)
    grounds = {TOKENS["light"][name] for name in ("stage", "band", "beat", "bar")}
    for x, y in heads(root, colour):
        # The head begins between these pixels: no blur of more than one on either side.
        row = [hex_of(pixel) for pixel in image[round(2 * y)]]
        left = round(2 * x)
        # No blur: full colour right inside the edge, and the stage a pixel outside it (where no
        # other note ends).
        assert row[left + 1] == row[left + 3] == colour
        assert row[left - 2] in grounds or row[left - 5] not in grounds


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_velocity_is_the_strength_of_the_body(make: Make, theme: str) -> None:
    rows = [(i, i + 1, 60, velocity, 0, 0, False) for i, velocity in enumerate((1, 64, 127))]
    score = from_sequence(make(rows))
    image = pixels(plots.roll_png(score, place=(0, 0), theme=theme))
    colour = place_colour(0, 0, theme)
    ground, ink = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (TOKENS[theme]["stage"], colour))
    drawn = heads(parse(plots.roll_svg(score, place=(0, 0), theme=theme)), colour)
    for (x, y), velocity in zip(sorted(drawn), (1, 64, 127), strict=True):
        alpha = 0.42 + 0.5 * velocity / 127
        assert image[round(2 * y), round(2 * x) + 40, :3] == pytest.approx(ground + alpha * (ink - ground), abs=2)


def test_a_keyboard_only_where_there_is_room(score: Score, trio: Any) -> None:
    key = TOKENS["light"]["black_key"]
    assert key in plots.roll_svg(score, width=960)
    assert key not in plots.roll_svg(score, width=500)
    assert key not in plots.roll_svg(from_sequence(trio), width=960)


def test_tracks_have_lanes_and_drums_have_named_rows(trio: Any, drums: Any) -> None:
    text = words(parse(plots.roll_svg(from_sequence(trio))))
    assert "Nightingale2 bars · 3 tracks" in text
    assert {"Acoustic Grand Piano", "Drums", "Kick", "Snare", "Closed hat"} <= set(text)
    root = parse(plots.roll_svg(from_sequence(drums), place=(0.3, -0.4)))
    assert {"Kick", "Snare", "Closed hat", "Open hat"} <= set(words(root))
    assert "Drums" not in words(root)
    groups = [g for g in root.iter(f"{SVG}g") if g.get("fill") == place_colour(0.3, -0.4)]
    discs = [c for g in groups for c in g.iter(f"{SVG}circle")]
    assert len(discs) == len(drums.notes)
    # Area is velocity: r^2 is linear in it.
    radii = {}
    for disc, note in zip(discs, from_sequence(drums).notes, strict=True):
        radii[float(note[3])] = float(disc.get("r", 0))
    velocities = np.array(sorted(radii))
    squares = np.array([radii[v] ** 2 for v in velocities])
    wanted = 0.2 + 0.8 * velocities / 127
    assert np.allclose(squares / squares[-1], wanted / wanted[-1], atol=0.02)


def test_early_and_late_hits_are_shifted(make: Make) -> None:
    rows = [(q, q + 0.1, 38, 100, 9, 0, True) for q in (1.0, 2.0625, 3.25)]
    root = parse(plots.roll_svg(from_sequence(make(rows)), place=(0, 0)))
    groups = [g for g in root.iter(f"{SVG}g") if g.get("fill") == place_colour(0, 0)]
    x = [float(c.get("cx", 0)) for g in groups for c in g.iter(f"{SVG}circle")]
    axis = Axis(from_sequence(make(rows)), 98, 850, gaps=True)
    step = axis.px * 0.25
    assert x == pytest.approx([axis(q) + step / 2 for q in (1.0, 2.0625, 3.25)], abs=0.02)
    assert x[1] - (axis(2.0) + step / 2) == pytest.approx(step / 4, abs=0.02)


def test_general_midi_names_every_percussion_key() -> None:
    """Against the names that pretty_midi takes from the standard."""
    import pretty_midi

    ours = {pitch: drum_name(pitch) for pitch in range(35, 82)}
    assert not [pitch for pitch, name in ours.items() if name.startswith("Key")]
    same = {
        "Kick": "Bass Drum", "Snare": "Snare", "Closed hat": "Closed Hi Hat", "Open hat": "Open Hi Hat",
        "Pedal hat": "Pedal Hi Hat", "Rim": "Side Stick", "Clap": "Hand Clap", "Ride": "Ride Cymbal",
        "Crash": "Crash Cymbal", "Splash": "Splash Cymbal", "China": "Chinese Cymbal", "Shaker": ("Cabasa", "Maracas"),
        "Low tom": ("Low Floor Tom", "High Floor Tom", "Low Tom"), "Mid tom": "Mid Tom",
        "High tom": "High Tom",
    }  # fmt: skip
    for pitch, name in ours.items():
        standard = pretty_midi.note_number_to_drum_name(pitch).replace("-", " ").lower()
        wanted = same.get(name, name)
        options = wanted if isinstance(wanted, tuple) else (wanted,)
        assert any(option.lower() in standard for option in options), (pitch, name, standard)
    keys = [key for _, keys in KIT for key in keys]
    assert len(keys) == len(set(keys))
    rows, row_of = kit_rows([36, 38, 20, 99])
    assert rows[row_of[99]] == "Key 99"
    assert rows[row_of[36]] == "Kick"
    assert rows[-1] == "Kick"


def test_refused_notes_are_dashed_and_said(score: Score) -> None:
    root = parse(plots.roll_svg(score, refused=[(6.5, 7, 90, 0)]))
    dashed = [g for g in root.iter(f"{SVG}g") if g.get("stroke-dasharray")]
    assert [g.get("stroke") for g in dashed] == [TOKENS["light"]["signal"]]
    assert len(list(dashed[0])) == 1
    assert "red dashes: refused by the model" in words(root)
    assert "refused" not in plots.roll_svg(score)
    image = pixels(plots.roll_png(score, refused=[(6.5, 7, 90, 0)]))[..., :3]
    red = np.abs(image - [0xD9, 0x38, 0x1A]).max(axis=-1) < 40
    assert 100 < red.sum() < 2000


def test_meters_make_the_bars(make: Make) -> None:
    rows = [(i * 0.5, i * 0.5 + 0.5, 60 + i, 80, 0, 0, False) for i in range(12)]
    text = words(parse(plots.roll_svg(from_sequence(make(rows, meter=(6, 8))))))
    assert "6/8" in text
    assert {"1.6", "2.6"} <= set(text)
    assert "3" not in text
    text = words(parse(plots.roll_svg(from_sequence(make(rows, meter=(3, 4))))))
    assert {"3/4", "1.3", "2.3"} <= set(text)
    assert "1.4" not in text


def test_long_pieces_scale_and_stay_small(make: Make, score: Score) -> None:
    rows = [(b * 4 + i / 2, b * 4 + i / 2 + 0.5, 60 + i, 80, 0, 0, False) for b in range(64) for i in range(8)]
    start = time.perf_counter()
    svg = plots.roll_svg(from_sequence(make(rows)), place=(0, 1))
    png = plots.roll_png(from_sequence(make(rows)), place=(0, 1))
    assert time.perf_counter() - start < 3
    root = parse(svg)
    drawn = np.array(heads(root, place_colour(0, 1)))
    assert len(drawn) == 512
    assert drawn[:, 0].min() >= 12
    assert drawn[:, 0].max() <= 948
    bars = [int(word) for word in words(root) if word.isdecimal()]
    assert bars[0] == 1
    assert 8 <= len(bars) <= 40
    assert len(svg) < 100_000
    assert len(png) < 200_000
    assert len(plots.roll_svg(score)) < 8_000
    assert len(plots.roll_png(score)) < 50_000


@pytest.mark.parametrize("width", [200, 960])
def test_nothing_and_everything_can_be_drawn(make: Make, width: int) -> None:
    root = parse(plots.roll_svg(from_sequence(make([])), width=width))
    assert "No notes" in words(root)
    assert root.findtext(f"{SVG}desc") == "1 bar, no notes, 120 quarters a minute"
    extreme = [(0, 1e-4, 0, 0, 0, 0, False), (0, 400, 127, 127, 0, 0, False), (3, 3, 60, 64, 200, 127, True)]
    extreme += [(i, i + 1, 0 if i % 2 else 127, 99, i, i, i % 3 == 0) for i in range(30)]
    parse(plots.roll_svg(from_sequence(make(extreme)), width=width))
    assert pixels(plots.roll_png(from_sequence(make(extreme)), width=width)).shape[1] == 2 * width


def test_strip_shows_steps_route_and_handle(score: Score, trio: Any) -> None:
    labels = ["Soldier's Joy", "City of Savannah"]
    svg = plots.strip_svg([score] * 9, PLACES, labels, 4)
    root = parse(svg)
    assert "step 4 of 8 · 0.5" in words(root)
    assert "ASoldier's Joy" in words(root)
    assert "City of SavannahB" in words(root)
    (gradient,) = root.iter(f"{SVG}linearGradient")
    assert [stop.get("stop-color") for stop in gradient] == [place_colour(*place) for place in PLACES]
    seals = [r for g in root.iter(f"{SVG}g") for r in g if r.tag == f"{SVG}rect" and r.get("width") in ("18", "26")]
    assert len(seals) == 4  # head, two ends, handle
    alone = parse(plots.strip_svg([score] * 9, PLACES, labels))
    assert float(alone.get("height", 0)) < float(root.get("height", 0)) - 170
    assert not [word for word in words(alone) if word.startswith("step")]
    assert pixels(plots.strip_png([score] * 9, PLACES, labels, 4)).shape[1] == 1920
    # Pictures of one page share their ids; the same id must be the same gradient.
    other = parse(plots.strip_svg([score] * 9, PLACES[::-1], labels, 4))
    assert next(other.iter(f"{SVG}linearGradient")).get("id") != gradient.get("id")
    for steps in (2, 65):
        parse(plots.strip_svg([from_sequence(trio)] * steps, [], labels, steps - 1, width=300))


def test_cells_of_a_strip_share_one_pitch_scale(make: Make) -> None:
    low, high = (from_sequence(make([(0, 1, pitch, 80, 0, 0, False)])) for pitch in (48, 72))
    root = parse(plots.strip_svg([low, high], [(0, -1), (0, 1)], ["a", "b"]))
    ys = []
    for v in (-1, 1):
        cells = [g for g in root.iter(f"{SVG}g") if g.get("fill") == place_colour(0, v)]
        ys += [float(r.get("y", 0)) for g in cells for r in g if float(r.get("height", 99)) <= 4]
    assert len(ys) == 2
    assert ys[0] > ys[1] + 20


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"width": 50}, "50 px"),
        ({"theme": "sepia"}, "sepia"),
        ({"place": (1, 2, 3)}, "place"),
        ({"place": (float("nan"), 0)}, "finite"),
        ({"refused": [(1, 2)]}, "2 numbers"),
    ],
)
def test_wrong_arguments_are_named(score: Score, wrong: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        plots.roll_svg(score, **wrong)


def test_wrong_strips_are_named(score: Score) -> None:
    for args, what in (
        (([score], [], ["a", "b"]), "1 step"),
        (([score] * 3, PLACES[:2], ["a", "b"]), "2 places"),
        (([score] * 3, [], ["a"]), "1 labels"),
        (([score] * 3, [], ["a", "b"], 3), "step 3"),
    ):
        with pytest.raises(ConfigError, match=what):
            plots.strip_svg(*args)


def test_bundle_is_what_jupyter_takes(score: Score) -> None:
    data, metadata = plots.roll_bundle(score, place=(0, 0))
    assert set(data) == {"text/plain", "image/svg+xml", "image/png"}
    assert data["text/plain"].startswith("Piano roll: Devil's Dream (2 bars")
    assert data["image/svg+xml"] == plots.roll_svg(score, place=(0, 0))
    assert base64.b64decode(data["image/png"]) == plots.roll_png(score, place=(0, 0))
    height, width = pixels(base64.b64decode(data["image/png"])).shape[:2]
    assert metadata["image/png"] == {"width": width // 2, "height": height // 2}
    assert set(plots.strip_bundle([score] * 2, [], ["a", "b"], 0)[0]) == set(data)


def test_figure_holds_every_note(trio: Any) -> None:
    from bokeh.embed import file_html
    from bokeh.models import HoverTool, Quad

    score = from_sequence(trio)
    plot = plots.figure(score, place=(0, 1), title="Trio")
    (renderer,) = [r for r in plot.renderers if isinstance(r.glyph, Quad)]
    data = renderer.data_source.data
    assert np.allclose(data["left"], score.notes[:, 0])
    assert np.allclose(data["right"], score.notes[:, 1])
    middles = np.add(data["top"], data["bottom"]) / 2
    drums = score.notes[:, 6] > 0
    assert np.allclose(middles[~drums], score.notes[~drums][:, 2])
    assert middles[drums].max() < score.notes[~drums][:, 2].min() - 3
    names = plot.yaxis[0].major_label_overrides
    assert [names[y] for y in middles[drums]] == [n for n, is_drum in zip(data["name"], drums, strict=True) if is_drum]
    assert renderer.glyph.fill_color == place_colour(0, 1)
    first = data["name"].index("Kick")
    assert (data["track"][first], data["bar"][first], data["beat"][first]) == ("Drums", 1, 1)
    last = len(data["left"]) - 1
    assert (data["bar"][last], data["beat"][last]) == (2, pytest.approx(4.5))
    (hover,) = plot.select(HoverTool)
    assert {tip for _, tip in hover.tooltips} >= {"@name", "@velocity", "@track"}
    assert "Trio" in file_html(plot, title="x")  # bokeh validates the whole document here
    file_html(plots.figure(from_sequence(type(trio)())), title="empty")


@pytest.mark.browser
def test_both_backends_show_the_same_picture(browser: Any, trio: Any, score: Score, tmp_path: Path) -> None:
    """Chromium's picture of the SVG against the PNG, text left out (its font is the reader's)."""
    from PIL import Image

    cases = {
        "roll": (plots.roll_svg, plots.roll_png, (score,), {"place": (-0.2, 0.9), "refused": [(6.5, 7, 80, 0)]}),
        "trio": (plots.roll_svg, plots.roll_png, (from_sequence(trio),), {"place": (0.9, 0.0)}),
        "strip": (plots.strip_svg, plots.strip_png, ([score] * 9, PLACES, ["a", "b"], 4), {"theme": "dark"}),
    }
    page = browser.new_page(device_scale_factor=2, viewport={"width": 960, "height": 700})
    for name, (to_svg, to_png, args, options) in cases.items():
        ground = "#111317" if options.get("theme") == "dark" else "#ffffff"
        svg = re.sub(r"<text.*?</text>", "", to_svg(*args, **options))
        page.set_content(f'<body style="margin:0;background:{ground}">{svg}')
        shot = tmp_path / f"{name}.png"
        page.locator("svg").screenshot(path=shot)
        with Image.open(shot) as image:
            chromium = np.asarray(image.convert("RGB")).astype(int)
        ours = pixels(to_png(*args, **options))
        assert ours.shape[:2] == chromium.shape[:2]
        far = np.abs(ours[..., :3] - chromium).max(axis=-1) > 48
        # What may differ: the text, which is in ours alone, and how edges fall on pixels.
        assert far.mean() < 0.012, name
    page.close()
