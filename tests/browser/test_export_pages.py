"""Exported pages, opened from disk with the network off: they play, decode and answer as the kernel would."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mvae_widgets as mv
from mvae_widgets.nn.decoder import shift
from mvae_widgets.operations.page import pack_decoder
from mvae_widgets.widgets.base import score_of
from tests.browser import listening
from tests.browser.every_widget import WIDGETS, bundled_clips
from tests.browser.listening import RECORDER
from tests.test_families import small

ROOT = Path(__file__).parents[2]
# A page from disk has no origin, and so no worklets from blobs.
EARS = re.sub(r"URL.createObjectURL[^;]*;", "`data:text/javascript,${encodeURIComponent(source)}`;", RECORDER)
READ = """name => {
  const value = window.mvaePage.model.get(name);
  if (!ArrayBuffer.isView(value)) return { json: value ?? null };
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return { bytes: btoa(String.fromCharCode(...bytes)) };
}"""


class Page:
    """An exported page in a browser without a network."""

    def __init__(self, browser: Any, path: Path, ears: bool = False, **context: Any) -> None:
        # The recorder is a script from elsewhere: the page's own policy would not let it in.
        self.context = browser.new_context(viewport={"width": 800, "height": 760}, bypass_csp=ears, **context)
        self.context.set_offline(True)
        self.requests: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.route(re.compile("^(?!file:|data:|blob:)"), lambda route: route.abort())
        self.page = self.context.new_page()
        if ears:
            self.page.add_init_script(EARS)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda told: self.errors.append(told.text) if told.type == "error" else None)
        self.page.goto(path.as_uri())

    @property
    def root(self) -> Any:
        return self.page.locator(".mv-root").first

    def ready(self, where: str | None = None) -> Page:
        """Wait until the widget stands, and the decoder is where it should be."""
        self.page.wait_for_selector("body[data-ready]")
        if where:
            self.page.wait_for_selector(f"body[data-decoder={where}]", timeout=10_000)
        return self

    def trait(self, name: str) -> Any:
        told = self.page.evaluate(READ, name)
        return base64.b64decode(told["bytes"]) if "bytes" in told else told["json"]

    def until(self, holds: Callable[[], object]) -> None:
        for _ in range(200):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"it never came: {self.root.locator('.mv-status').inner_text()!r}")

    def status(self) -> str:
        return str(self.root.locator("> .mv-status").inner_text())

    def well(self, errors: int = 0) -> None:
        """Nothing was asked of any network, and nothing went wrong."""
        assert len(self.errors) == errors, self.errors
        assert [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Export a widget and open its page; ``change`` alters the HTML before."""
    pages: list[Page] = []

    def make(widget: Any, change: Callable[[str], str] = str, title: str | None = None, **context: Any) -> Page:
        path = widget.to_html(tmp_path / f"page {len(pages)}.html", title)
        path.write_text(change(path.read_text("utf-8")), "utf-8")
        pages.append(Page(browser, path, **context))
        return pages[-1]

    yield make
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def clips(model: Any) -> list[Any]:
    return bundled_clips(model)


def no_workers(html: str) -> str:
    """The page as under a policy that allows no workers."""
    changed = html.replace("worker-src blob:", "worker-src 'none'")
    assert changed != html
    return changed


def notes(table: bytes) -> np.ndarray[Any, Any]:
    """Start, end, pitch, velocity of a note table."""
    return np.frombuffer(table, "<f4").reshape(-1, 7)[:, :4]


def same_music(table: bytes, sequence: Any) -> None:
    expected = score_of(sequence).notes[:, :4]
    assert notes(table).shape == expected.shape
    assert np.allclose(notes(table), expected, atol=1e-4)


def drag_rail(page: Page, share: float) -> None:
    box = page.root.locator(".mv-rail").bounding_box()
    y = box["y"] + box["height"] / 2
    page.page.mouse.move(box["x"] + 0.02 * box["width"], y)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + share * box["width"], y, steps=5)
    page.page.mouse.up()


@pytest.mark.parametrize("name", WIDGETS)
def test_every_page_stands_plays_and_takes_its_readers_theme(
    name: str, model: Any, clips: list[Any], opened: Callable[..., Page], artefacts: Path
) -> None:
    widget = WIDGETS[name](model, clips)
    page = opened(widget, title="A lesson", color_scheme="dark", locale="en-GB").ready()
    assert page.page.title() == "A lesson"
    assert page.page.locator("h1").inner_text() == "A lesson"
    made = page.page.locator(".mv-page-made").inner_text()
    assert f"Made with mvae_widgets {mv.__version__}." in made
    assert "melody-2bar" in made
    assert "Apache-2.0" in made
    for scheme in ("dark", "light"):
        page.page.emulate_media(color_scheme=scheme)
        page.page.wait_for_function("t => document.querySelector('.mv-root').dataset.theme === t", arg=scheme)
        page.page.wait_for_timeout(200)
        page.page.screenshot(path=artefacts / f"export-{name}-{scheme}.png", full_page=True)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing stands out of the page"
    if name == "latent_scatter":
        stage = page.root.locator(".mv-map-stage, .mv-stage").first.bounding_box()
        page.page.mouse.click(stage["x"] + stage["width"] * 0.7, stage["y"] + stage["height"] * 0.7)
        page.until(lambda: page.root.get_attribute("data-notes") != "0")
    page.root.get_by_role("button", name="Play", exact=True).click()
    page.until(lambda: page.root.get_attribute("data-playing") == "true")
    page.page.wait_for_timeout(1700)
    assert page.root.get_attribute("data-engine") == "builtin"
    # The note that instruments are missing is for notebooks.
    assert "kernel" not in page.status().lower()
    assert "instrument" not in page.status().lower()
    page.well()


def test_comparisons_are_chosen_from(model: Any, clips: list[Any], opened: Callable[..., Page]) -> None:
    routes = mv.Compare.routes(model, clips[0], clips[1], steps=4)
    page = opened(routes).ready("none")
    page.root.locator(".mv-cell").nth(6).click()
    page.until(lambda: page.root.get_attribute("data-value") == "6")
    routes.value = 6
    assert routes.selected == ("data", 2)
    assert page.root.get_attribute("data-notes") == str(len(routes.sequence.notes))
    page.until(lambda: page.root.get_attribute("data-playing") == "true")
    page.well()


def test_a_roll_is_edited_in_its_page(model: Any, clips: list[Any], opened: Callable[..., Page]) -> None:
    page = opened(mv.PianoRoll(clips[1], model)).ready("none")
    page.root.get_by_role("button", name="Edit:").click()
    stage = page.root.locator(".mv-stage").first
    stage.focus()
    stage.press("Control+a")
    stage.press("Delete")
    page.until(lambda: page.root.get_attribute("data-notes") == "0")
    stage.press("Control+z")
    page.until(lambda: page.root.get_attribute("data-notes") == str(len(clips[1].sequence.notes)))
    page.page.wait_for_timeout(500)
    assert "kernel" not in page.status().lower()
    page.well()


def test_the_sound_is_what_the_notes_say(model: Any, clips: list[Any], opened: Callable[..., Page]) -> None:
    page = opened(mv.PianoRoll(clips[1], model, tempo=100), ears=True).ready()
    play = page.root.get_by_role("button", name="Play", exact=True)
    play.click()
    page.page.wait_for_function("() => window.__tape.ready")
    page.root.get_by_role("button", name="Stop").click()
    page.page.wait_for_timeout(500)
    listening.erase(page.page)
    play.click()
    expected = np.unique(score_of(clips[1].sequence).notes[:, 0]) * 60 / 100
    listening.wait(page.page, expected[-1] - expected[0] + 0.4)
    tape = listening.read(page.page)
    heard = listening.onsets(tape)
    assert len(heard), "silence"
    missing, extra = listening.compare(heard - heard[0], expected - expected[0])
    assert not missing
    assert not extra
    assert 0.3 < tape.peak <= 1.0
    page.well()


@pytest.mark.parametrize("where", ["worker", "page"])
def test_the_slider_decodes_between_its_steps(
    where: str, model: Any, clips: list[Any], opened: Callable[..., Page]
) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], clips[4], steps=7)
    page = opened(slider, no_workers if where == "page" else str).ready(where)
    page.root.locator(".mv-slider").press("End")
    page.until(lambda: page.root.get_attribute("data-step") == "6")
    for share in (0.2, 0.45, 0.71):
        drag_rail(page, share)
        page.until(lambda: page.root.get_attribute("data-exact") == "true")
        exact = page.trait("_exact")
        slider.value = exact["at"]
        assert slider._exact, "the handle stands between two steps"
        same_music(page.trait("_exact_notes"), slider.sequence)
        assert exact["place"] == pytest.approx(slider._exact["place"], abs=1e-6)
        assert exact["distances"] == pytest.approx(slider._exact["distances"], abs=1e-4)
        assert page.root.get_attribute("data-notes") == str(len(slider.sequence.notes))
    # The policy's refusal of the worker is in the browser's log, and that is all.
    page.well(errors=0 if where == "worker" else len([e for e in page.errors if "worker" in e.lower()]))


def test_the_slider_draws_anew_and_a_seed_says_what(model: Any, clips: list[Any], opened: Callable[..., Page]) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5)
    page = opened(slider).ready("worker")
    draw = """async ([temperature, seed]) => {
      const { model } = window.mvaePage;
      model.send({ id: "t", op: "draw", args: { temperature, seed } });
      await new Promise((done) => model.on("msg:custom", done));
    }"""

    def drawn(temperature: float | None, seed: int) -> tuple[bytes, list[int]]:
        page.page.evaluate(draw, [temperature, seed])
        return page.trait("_notes"), page.trait("_offsets")

    first, again, other = drawn(1.0, 3), drawn(1.0, 3), drawn(1.0, 4)
    assert first == again
    assert first != other
    likeliest, cuts = drawn(None, 0)
    assert cuts == slider._offsets
    assert np.allclose(notes(likeliest), notes(slider._notes), atol=1e-4)
    # At both ends stand the clips themselves, whatever is drawn.
    for table, offsets in (first, other):
        same_music(table[: 28 * offsets[1]], clips[0].sequence)
        same_music(table[28 * offsets[4] :], clips[1].sequence)
    page.root.get_by_role("radio", name="Data space").check()
    drag_rail(page, 0.37)
    page.until(lambda: "data space" in page.status().lower())
    assert "nearest step" in page.status()
    page.well()


def test_the_pad_decodes_between_its_cells(model: Any, clips: list[Any], opened: Callable[..., Page]) -> None:
    pad = mv.InterpolationPad(model, clips[:4], n=5)
    page = opened(pad).ready("worker")
    page.root.get_by_role("button", name="Rest between cells").click()
    box = page.root.locator(".mv-pad-square").bounding_box()
    for x, y in ((0.33, 0.52), (0.71, 0.28)):
        before = page.trait("value")
        page.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        # It stands there once it is decoded.
        page.until(lambda before=before: page.trait("value") != before)
        pad.value = page.trait("value")
        assert pad.value != pad.cell
        assert page.root.get_attribute("data-notes") == str(len(pad.sequence.notes))
        (told,) = page.page.evaluate("async z => (await window.mvaePage.decode([z]))", pad.z.tolist())
        expected = score_of(pad.sequence).notes
        assert [note["pitch"] for note in told["notes"]] == expected[:, 2].tolist()
    page.well()


def test_knobs_turn_beyond_what_was_decoded_ahead(model: Any, clips: list[Any], opened: Callable[..., Page]) -> None:
    knobs = mv.AttributeKnobs(model, clips[1])
    page = opened(knobs).ready("worker")

    def agree() -> None:
        asked = page.trait("_asked")
        knobs.locked = page.trait("locked")
        knobs.value = asked
        assert page.trait("_got") == pytest.approx(knobs._got, abs=1e-6)
        assert page.trait("_offsets") == knobs._offsets
        assert np.allclose(notes(page.trait("_notes")), notes(knobs._notes), atol=1e-4)
        assert page.trait("_places")[1] == pytest.approx(knobs._places[1], abs=1e-5)

    def turn(name: str, key: str, times: int) -> None:
        before = page.trait("_setting")
        for _ in range(times):
            page.root.get_by_role("slider", name=name, exact=True).press(key)
            page.until(lambda before=before: page.trait("_setting") > before)
            before = page.trait("_setting")
        agree()

    turn("Density", "PageUp", 1)
    turn("Mean pitch", "PageDown", 2)
    turn("Leaps", "PageUp", 1)
    page.root.get_by_role("button", name="Lock Density").click()
    turn("Range", "PageUp", 1)
    before = page.trait("_setting")
    page.root.get_by_role("button", name="Reset all").click()
    page.until(lambda: page.trait("_setting") > before)
    assert page.root.get_attribute("data-altered") == "false"
    assert page.root.get_attribute("data-notes") == str(len(clips[1].sequence.notes))
    page.well()


def test_the_map_has_its_clips_and_decodes_where_there_is_none(
    model: Any, clips: list[Any], opened: Callable[..., Page]
) -> None:
    z = np.random.default_rng(0).standard_normal((60, model.config.z_size))
    scatter = mv.LatentScatter(model, z, clips={"Mine": clips[0]})
    page = opened(scatter).ready("worker")
    ask = """async ([op, args]) => {
      const { model } = window.mvaePage;
      model.send({ id: "t", op, args });
      return new Promise((done) => model.on("msg:custom", (reply) => done(reply)));
    }"""
    stage = page.root.locator(".mv-map-stage, .mv-stage").first.bounding_box()
    page.page.mouse.click(stage["x"] + stage["width"] - 60, stage["y"] + 60)
    page.until(lambda: page.root.get_attribute("data-value") == "" and page.trait("_here")["title"] == "")
    at = page.trait("_here")["at"]
    scatter._decode_op(at)
    assert scatter._here["at"] == pytest.approx(at, abs=1e-3)
    same_music(page.trait("_notes"), scatter.sequence)
    assert page.root.get_attribute("data-notes") == str(len(scatter.sequence.notes))
    for index in (0, 17, 59):
        page.page.evaluate(ask, ["pick", {"index": index}])
        scatter.value = index
        same_music(page.trait("_notes"), scatter.sequence)
        assert page.trait("_here")["title"] == scatter._here["title"]
    page.root.get_by_role("button", name="Neighbours").click()
    scatter.neighbours = True
    page.until(lambda: page.trait("_here")["near"] == scatter._here["near"])
    page.page.evaluate(ask, ["pick", {"index": 0, "mark": True}])
    same_music(page.trait("_notes"), clips[0].sequence)
    assert page.trait("_here")["title"] == "Mine"
    page.root.get_by_role("button", name="Lasso").click()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.02)]
    page.page.mouse.move(stage["x"] + 10, stage["y"] + 10)
    page.page.mouse.down()
    for x, y in corners:
        page.page.mouse.move(stage["x"] + x * stage["width"], stage["y"] + y * stage["height"], steps=3)
    page.page.mouse.up()
    page.until(lambda: int(page.root.get_attribute("data-selected")) > 40)
    assert page.trait("_selection")["count"] == int(page.root.get_attribute("data-selected"))
    page.well()


def test_a_drum_model_decodes_in_its_page(opened: Callable[..., Page]) -> None:
    """A NADE decoder, which has neither plane nor attributes."""
    model = small("drums-2bar")
    beats = [model.decode_clips(torch.full((1, 8), x))[0] for x in (-2.0, 2.0)]
    slider = mv.InterpolationSlider(model, *beats, steps=4)
    page = opened(slider).ready("worker")
    drag_rail(page, 0.4)
    page.until(lambda: page.root.get_attribute("data-exact") == "true")
    slider.value = page.trait("_exact")["at"]
    assert len(slider.sequence.notes) > 4
    same_music(page.trait("_exact_notes"), slider.sequence)
    page.well()


def test_a_page_of_a_large_model_says_what_it_cannot_do(
    model: Any, clips: list[Any], opened: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "page_decoder", lambda: None)
    slider = opened(mv.InterpolationSlider(model, clips[0], clips[1], steps=5)).ready("none")
    slider.root.locator(".mv-slider").press("End")
    slider.until(lambda: slider.root.get_attribute("data-step") == "4")
    drag_rail(slider, 0.4)
    slider.until(lambda: "cannot decode" in slider.status())
    assert slider.root.get_attribute("data-exact") == "false"
    assert slider.root.locator(".mv-status").get_attribute("data-kind") == "info"
    slider.well()

    knobs = mv.AttributeKnobs(model, clips[1])
    page = opened(knobs).ready("none")
    page.root.get_by_role("slider", name="Density", exact=True).press("PageUp")
    page.until(lambda: page.root.get_attribute("data-altered") == "true")
    knobs.value = page.trait("_asked")
    assert np.allclose(notes(page.trait("_notes")), notes(knobs._notes), atol=1e-4)
    page.root.get_by_role("slider", name="Mean pitch", exact=True).press("PageUp")
    page.until(lambda: "cannot decode" in page.status())
    page.well()


def test_a_page_of_a_large_map_holds_some_and_says_so(
    model: Any, opened: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvae_widgets.widgets.points.sample_of.__defaults__", (20,))
    z = np.random.default_rng(0).standard_normal((30, model.config.z_size))
    page = opened(mv.LatentScatter(model, z), locale="en-GB").ready()
    page.until(lambda: "20 of the 30 clips" in page.status())
    page.well()


def test_a_chinese_reader_reads_chinese(model: Any, clips: list[Any], opened: Callable[..., Page]) -> None:
    page = opened(mv.PianoRoll(clips[0], model), locale="zh-CN").ready()
    assert "由 mvae_widgets" in page.page.locator(".mv-page-made").inner_text()
    assert page.root.get_attribute("lang") == "zh-CN"
    page.well()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda html: html.replace('{"kind"', '{"kin', 1), "JSON"),
        (lambda html: re.sub(r'<script type="application/json".*?</script>', "", html, flags=re.DOTALL), "JSON"),
        (lambda html: html.replace('"kind":"interpolation_slider"', '"kind":"theremin"'), "theremin"),
        (lambda html: re.sub(r'("weights":\{"\$bytes":".{400}).*?"', r'\1"', html), "weights"),
    ],
    ids=["broken", "absent", "another kind", "weights cut off"],
)
def test_a_damaged_page_says_so(
    change: Callable[[str], str], said: str, model: Any, clips: list[Any], opened: Callable[..., Page]
) -> None:
    page = opened(mv.InterpolationSlider(model, clips[0], clips[1], steps=3), change, locale="en-GB")
    told = page.page.get_by_role("alert").inner_text(timeout=5000)
    assert told.startswith("This page is damaged")
    assert said in told
    page.well()


def test_without_scripts_there_is_the_picture(model: Any, clips: list[Any], opened: Callable[..., Page]) -> None:
    page = opened(mv.PianoRoll(clips[0], model), java_script_enabled=False)
    assert page.page.locator("noscript img").count() == 1 or page.page.locator(".mv-page-picture").is_visible()


def test_the_shipped_decoder_is_pytorchs(model: Any, browser: Any, tmp_path: Path) -> None:
    """Numbers within 1e-4, and every choice the same, over many z."""
    bundle = tmp_path / "decoder.js"
    build = [ROOT / "node_modules" / ".bin" / "esbuild", "js/src/model/decoder.ts", "--bundle", "--format=iife"]
    subprocess.run([*build, "--global-name=D", f"--outfile={bundle}"], cwd=ROOT, check=True, capture_output=True)
    parcel = pack_decoder(model.config, model.bundle.state)
    z = np.random.default_rng(1).standard_normal((64, model.config.z_size)).astype(np.float32)
    points = torch.from_numpy(z)
    rows = model.network.decode(points)
    with torch.no_grad():
        numbers = model.network.decoder(points, shift(rows)).numpy()
    page = browser.new_page()
    page.add_script_tag(path=bundle)
    told = page.evaluate(
        """([parcel, weights, points]) => {
          const bytes = Uint8Array.from(atob(weights), (c) => c.charCodeAt(0)).buffer;
          const network = new D.Network(parcel.shape, parcel.packing, bytes);
          const began = performance.now();
          const text = (floats) => {
            const bytes = new Uint8Array(Float32Array.from(floats).buffer);
            let out = "";
            for (let i = 0; i < bytes.length; i += 8192) out += String.fromCharCode(...bytes.subarray(i, i + 8192));
            return btoa(out);
          };
          const seen = [];
          const rows = points.map((z) => {
            const watch = (numbers) => seen.push(...numbers);
            return [...D.finish(network.run(Float32Array.from(z), null, watch))];
          });
          return { took: performance.now() - began, rows: text(rows.flat()), numbers: text(seen) };
        }""",
        [{k: parcel[k] for k in ("shape", "packing")}, base64.b64encode(parcel["weights"]).decode(), z.tolist()],
    )
    page.close()
    own = np.frombuffer(base64.b64decode(told["rows"]), "<f4").reshape(rows.shape)
    assert (own == rows.numpy()).all()
    far = np.abs(np.frombuffer(base64.b64decode(told["numbers"]), "<f4").reshape(numbers.shape) - numbers)
    assert far.max() < 1e-4
    assert len(np.unique(own.argmax(2), axis=0)) > 60
    print(f"{told['took'] / len(z):.1f} ms a clip of {rows.shape[1]} steps, numbers within {far.max():.1e}")
