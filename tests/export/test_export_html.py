"""Notebooks as HTML, opened in Chromium with every request watched."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import mvae_widgets
from mvae_widgets.export.html import StaticHTMLExporter, StaticPicturePreprocessor
from mvae_widgets.music.score import from_sequence
from mvae_widgets.render.plots import roll_bundle

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
MODEL = {"model_id": "0123", "version_major": 2, "version_minor": 1}


@pytest.fixture(scope="module")
def bundle() -> dict[str, Any]:
    from note_seq import NoteSequence

    sequence = NoteSequence()
    sequence.sequence_metadata.title = "Exported & <shown>"
    for i in range(8):
        sequence.notes.add(pitch=60 + 2 * i, velocity=90, start_time=i * 0.5, end_time=i * 0.5 + 0.5)
    return {VIEW: MODEL, **roll_bundle(from_sequence(sequence), place=(0.4, 0.6))[0]}


@pytest.fixture
def notebook(bundle: dict[str, Any]) -> Any:
    """A notebook as it is saved with widget state, with all that tends to fetch something."""
    png_only = {k: v for k, v in bundle.items() if k != "image/svg+xml"}
    html_widget = {VIEW: MODEL, "text/html": "<b id=spare>a picture in HTML</b>", "text/plain": "Third()"}
    bar = {VIEW: MODEL, "text/plain": "  0%|          | 0/3 [00:00<?, ?it/s]"}
    remote = (
        '<p id="kept">kept</p><script src="https://cdn.example.org/a.js"></script>'
        "<link rel=stylesheet href='//cdn.example.org/a.css'><img id=far src=https://cdn.example.org/a.png>"
        "<style>@import url(https://cdn.example.org/b.css); p{background:url(https://cdn.example.org/c.png)}</style>"
        "<script>fetch('https://cdn.example.org/d').catch(() => 0); new Image().src = 'https://cdn.example.org/e.png';"
        "document.getElementById('kept').dataset.ran = 'yes'</script>"
        "<iframe src=https://cdn.example.org/f></iframe>"
    )
    text = "# Music\n\n![far](https://cdn.example.org/x.png), $\\sigma^2 < 1$\n\n$$z = \\mu + \\sigma\\epsilon$$"
    script = {"application/javascript": "require(['x'])", "text/plain": "js"}
    cells = [
        new_markdown_cell(text),
        new_code_cell("roll", execution_count=1, outputs=[new_output("execute_result", bundle, execution_count=1)]),
        new_code_cell("png", outputs=[new_output("display_data", png_only, metadata={"image/png": {"width": 960}})]),
        new_code_cell("bar", outputs=[new_output("display_data", bar)]),
        new_code_cell("third", outputs=[new_output("display_data", html_widget)]),
        new_code_cell("bare", outputs=[new_output("display_data", {VIEW: MODEL})]),
        new_code_cell("html", outputs=[new_output("display_data", {"text/html": remote, "text/plain": "html"})]),
        new_code_cell("js", outputs=[new_output("display_data", script)]),
        new_code_cell("graph", outputs=[new_output("display_data", {"text/vnd.mermaid": "graph TD; A-->B<c>"})]),
        new_code_cell("latex", outputs=[new_output("display_data", {"text/latex": "$\\beta$", "text/plain": "beta"})]),
        new_code_cell("print", outputs=[new_output("stream", text="printed <b>")]),
    ]  # fmt: skip
    made = new_notebook(cells=cells)
    made.metadata.widgets = {STATE: {"state": {"0123": {"state": {"_esm": "x" * 1000}}}, "version_major": 2}}
    made.metadata.language_info = {"name": "python"}
    nbformat.validate(made)
    return made


@pytest.fixture
def html(notebook: Any) -> str:
    return StaticHTMLExporter().from_notebook_node(notebook)[0]


def test_entry_point_leads_to_the_exporter() -> None:
    found = entry_points(group="nbconvert.exporters", name="mvae")
    assert next(iter(found)).load() is StaticHTMLExporter


def test_page_names_no_address_that_is_loaded(notebook: Any) -> None:
    notebook.cells = [cell for cell in notebook.cells if cell.source != "html"]
    html = StaticHTMLExporter().from_notebook_node(notebook)[0]
    bare = re.sub(r"/\*.*?\*/", "", re.sub(r"base64,[A-Za-z0-9+/=\n]+", "", html), flags=re.DOTALL)
    assert not re.findall(r"<script\b[^>]*\bsrc=", bare)
    assert not re.findall(r"<link\b[^>]*\bhref=.(?!data:)", bare)
    assert not re.findall(r"url\(\s*['\"]?(?!data:|#)[^)]+\)|@import", bare)
    for name in ("require.js", "require.min", "mathjax", "mermaid.esm", "jquery", "unpkg", "cdnjs", "html-manager"):
        assert name not in bare.lower()
    assert re.findall(r"https?://(?!www\.w3\.org)[^\s\"'<)]+", bare) == []


def test_pictures_stand_where_widgets_were(html: str, bundle: dict[str, Any]) -> None:
    assert VIEW not in html
    assert STATE not in html
    assert base64.b64encode(bundle["image/svg+xml"].encode()).decode() in html.replace("\n", "")
    assert html.count('alt="Piano roll: Exported &amp; &lt;shown&gt;"') == 1
    assert bundle["image/png"] in html
    assert "0/3 [00:00&lt;?" in html
    assert "a picture in HTML" in html
    assert "graph TD; A--&gt;B&lt;c&gt;" in html
    assert "require(['x'])" not in html


def test_preprocessor_leaves_the_notebook_that_it_was_given(notebook: Any) -> None:
    before = nbformat.writes(notebook)
    static, _ = StaticPicturePreprocessor(enabled=True)(notebook, {})
    assert nbformat.writes(notebook) == before
    assert "widgets" not in static.metadata
    kinds = {
        cell.source: [sorted(o.data) for o in cell.outputs if "data" in o] for cell in static.cells if "outputs" in cell
    }
    assert kinds["roll"] == [["image/png", "image/svg+xml", "text/plain"]]
    assert kinds["png"] == [["image/png", "text/plain"]]
    assert kinds["bar"] == [["text/plain"]]
    assert kinds["third"] == [["text/html", "text/plain"]]
    assert kinds["bare"] == []


def test_ordinary_html_export_with_the_preprocessor_shows_pictures(notebook: Any) -> None:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter()
    exporter.register_preprocessor(StaticPicturePreprocessor, enabled=True)
    html, _ = exporter.from_notebook_node(notebook)
    assert VIEW not in html
    assert "data:image/svg+xml;base64," in html


def test_command_line_makes_the_page_beside_the_notebook(notebook: Any, tmp_path: Path) -> None:
    nbformat.write(notebook, tmp_path / "music.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "mvae_widgets.export.html.StaticHTMLExporter", "music.ipynb"]
    env = {**os.environ, "PYTHONPATH": str(Path(mvae_widgets.__file__).parents[1])}
    subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, timeout=120)
    page = (tmp_path / "music.html").read_text("utf-8")
    assert "data:image/svg+xml;base64," in page
    assert len(page) < 1_000_000


def test_a_saved_notebook_holds_the_pictures_and_exports_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook that a kernel ran and that is saved with its widgets' state."""
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", str(Path(mvae_widgets.__file__).parents[1]))
    tune = "%%abc tune\nT:Scale\nK:C\nCDEF GABc|\n"
    made = new_notebook(cells=[new_code_cell("%load_ext mvae_widgets"), new_code_cell(tune)])
    NotebookClient(made, timeout=120, kernel_name="python3", store_widget_state=True).execute(cwd=str(tmp_path))
    path = tmp_path / "saved.ipynb"
    nbformat.write(made, path)
    saved = nbformat.read(path, as_version=4)
    nbformat.validate(saved)
    (output,) = [o for o in saved.cells[1].outputs if o.output_type == "execute_result"]
    assert {VIEW, "image/svg+xml", "image/png", "text/plain"} <= set(output.data)
    assert base64.b64decode(output.data["image/png"]).startswith(b"\x89PNG")
    assert saved.metadata.widgets[STATE]["state"]
    html, _ = StaticHTMLExporter().from_notebook_node(saved)
    assert 'alt="Piano roll: Scale"' in html
    assert STATE not in html


@pytest.mark.browser
def test_page_asks_for_nothing_and_shows_its_pictures(browser: Any, html: str, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(html, "utf-8")
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    passed: list[str] = []
    # What a route sees would leave the browser; what the page's policy stops never gets there.
    context.route("**/*", lambda route: (passed.append(route.request.url), route.continue_())[1])
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_timeout(500)
    assert [url for url in passed if not url.startswith("data:")] == [path.as_uri()]
    assert not failures
    pictures = page.locator("img[src^='data:image']")
    assert pictures.count() == 2
    for i in range(2):
        shown = pictures.nth(i).evaluate("i => [i.complete, i.naturalWidth, i.getBoundingClientRect().width]")
        assert shown[0]
        assert shown[1] >= 960
        assert shown[2] > 600
        # Whole, in a window that is narrower than the picture.
        page.set_viewport_size({"width": 700, "height": 900})
        right = pictures.nth(i).evaluate("i => i.getBoundingClientRect().right")
        room = pictures.nth(i).evaluate("i => i.closest('.jp-OutputArea-output').getBoundingClientRect().right")
        assert right <= room <= 700
        page.set_viewport_size({"width": 1200, "height": 900})
    # The roll is painted: its colour is on the screen where the notes are.
    shot = pictures.nth(0).screenshot()
    from io import BytesIO

    from PIL import Image

    from mvae_widgets.colour import place_colour

    with Image.open(BytesIO(shot)) as image:
        colours = {f"#{r:02x}{g:02x}{b:02x}" for _, (r, g, b) in image.convert("RGB").getcolors(1 << 20) or []}
    assert place_colour(0.4, 0.6) in colours
    text = page.inner_text("body")
    assert "$\\sigma^2 < 1$" in text
    assert "z = \\mu + \\sigma\\epsilon" in text
    assert "$\\beta$" in text
    assert "0/3" in text
    assert "printed <b>" in text
    assert page.get_attribute("#kept", "data-ran") == "yes"  # a script inside the page runs
    context.close()


@pytest.mark.browser
def test_our_page_does_not_even_try(browser: Any, notebook: Any, tmp_path: Path) -> None:
    """Where the reader's own cells name nothing remote, there is nothing that the policy has to stop."""
    notebook.cells = [cell for cell in notebook.cells if cell.source != "html"]
    notebook.cells[0].source = "# Music, $z$"
    path = tmp_path / "page.html"
    path.write_text(StaticHTMLExporter().from_notebook_node(notebook)[0], "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    seen: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    assert [url for url in seen if not url.startswith("data:")] == [path.as_uri()]
    assert not said
    assert page.locator("img[src^='data:image']").nth(0).evaluate("i => i.naturalWidth") == 960
    context.close()


@pytest.mark.browser
def test_the_watch_sees_what_nbconvert_itself_asks_for(browser: Any, notebook: Any, tmp_path: Path) -> None:
    """The same watch on nbconvert's own page: it must see requests, or it proves nothing."""
    from nbconvert import HTMLExporter

    path = tmp_path / "page.html"
    path.write_text(HTMLExporter().from_notebook_node(notebook)[0], "utf-8")
    context = browser.new_context()
    passed: list[str] = []
    context.route(re.compile("^http"), lambda route: (passed.append(route.request.url), route.abort())[1])
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    assert any("require" in url for url in passed)
    assert any("athjax" in url or "athJax" in url for url in passed)
    context.close()
