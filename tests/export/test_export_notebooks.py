"""A notebook with every widget, run by a kernel and saved, through real nbconvert: the picture of each is seen."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import mvae_widgets

STATE = "application/vnd.jupyter.widget-state+json"
PICTURES = "mvae_widgets.export.html.StaticPicturePreprocessor"
SETUP = """import numpy as np
import mvae_widgets as mv
model = mv.load("melody-2bar")
clips = [model.clips(mv.read(mv.tunes.path(name)))[0] for name in mv.tunes.names()[:4]]
points = np.random.default_rng(0).standard_normal((40, model.config.z_size))"""
WIDGETS = (
    "mv.PianoRoll(clips[0], model)",
    "mv.InterpolationSlider(model, clips[0], clips[1], steps=5)",
    "mv.InterpolationPad(model, clips, n=4)",
    "mv.AttributeKnobs(model, clips[0])",
    "mv.LatentScatter(model, points)",
    "mv.Compare.reconstruction(model, clips[0])",
    "mv.Compare.routes(model, clips[0], clips[1], steps=4)",
)
SEEN = "() => [...document.querySelectorAll('img')].filter((i) => i.complete && i.naturalWidth > 300).length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``saved.ipynb`` with its widgets' state, ``plain.ipynb`` as JupyterLab saves it unless told otherwise."""
    from nbclient import NotebookClient

    where = tmp_path_factory.mktemp("notebooks")
    slide = {"slideshow": {"slide_type": "slide"}}
    cells = [new_code_cell(SETUP), *(new_code_cell(code, metadata=slide) for code in WIDGETS)]
    made = new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(mvae_widgets.__file__).parents[1]))
        patch.setenv("OMP_NUM_THREADS", "1")
        NotebookClient(made, timeout=300, kernel_name="python3", store_widget_state=True).execute(cwd=str(where))
    assert made.metadata.widgets[STATE]["state"]
    nbformat.write(made, where / "saved.ipynb")
    plain = copy.deepcopy(made)
    del plain.metadata["widgets"]
    nbformat.write(plain, where / "plain.ipynb")
    return where


def convert(folder: Path, name: str, to: str, *options: str) -> Path:
    """The file that the command line makes."""
    command = [sys.executable, "-m", "nbconvert", "--to", to, f"{name}.ipynb", "--output", f"{name}-{to}", *options]
    root = str(Path(mvae_widgets.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": root}
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, timeout=180)
    (made,) = folder.glob(f"{name}-{to}*.html")
    return made


def pictures(html: str) -> int:
    """Pictures of widgets in a page's text."""
    return len(re.findall(r"<img[^>]*src=[\"']data:image/(?:svg\+xml|png);base64", html))


@pytest.mark.parametrize("to", ["html", "slides"])
def test_a_notebook_without_widget_state_shows_the_pictures(folder: Path, to: str) -> None:
    html = convert(folder, "plain", to).read_text("utf-8")
    assert pictures(html) == len(WIDGETS)
    assert "vnd.jupyter.widget-view" not in html


@pytest.mark.parametrize(("to", "exporter"), [("html", "HTMLExporter"), ("slides", "SlidesExporter")])
def test_a_notebook_with_widget_state_shows_them_with_our_step(folder: Path, to: str, exporter: str) -> None:
    html = convert(folder, "saved", to, f"--{exporter}.preprocessors={PICTURES}").read_text("utf-8")
    assert pictures(html) == len(WIDGETS)
    assert "vnd.jupyter.widget-view" not in html


def test_our_own_exporter_shows_them_without_any_option(folder: Path) -> None:
    from mvae_widgets.export.html import StaticHTMLExporter

    html, _ = StaticHTMLExporter().from_filename(str(folder / "saved.ipynb"))
    assert pictures(html) == len(WIDGETS)


@pytest.mark.browser
def test_pictures_are_seen_on_the_screen_and_in_print(folder: Path, browser: Any, tmp_path: Path) -> None:
    from mvae_widgets.export.html import StaticHTMLExporter

    path = tmp_path / "page.html"
    path.write_text(StaticHTMLExporter().from_filename(str(folder / "saved.ipynb"))[0], "utf-8")
    context = browser.new_context(viewport={"width": 1000, "height": 900}, offline=True)
    for file in (path, convert(folder, "plain", "html")):
        page = context.new_page()
        page.goto(file.as_uri())
        page.wait_for_timeout(300)
        assert page.evaluate(SEEN) == len(WIDGETS)
        page.emulate_media(media="print")
        assert page.evaluate(SEEN) == len(WIDGETS)
        printed = page.pdf(print_background=True)
        assert printed.startswith(b"%PDF")
        # What is drawn of the pictures is most of the file.
        page.evaluate("document.querySelectorAll('img').forEach((image) => image.remove())")
        assert len(printed) > len(page.pdf(print_background=True)) + 5000 * len(WIDGETS)
        page.close()
    context.close()
