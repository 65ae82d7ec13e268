"""The notebooks in Notebook 7 and in marimo: every widget appears, answers, and nothing is in the console."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import QUICKSTART

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
# Both hosts show all widgets, which the Studio holds; each of the others is shown in one (quickstart in JupyterLab).
ALL_WIDGETS = "studio"
IN_NOTEBOOK_7 = (
    ALL_WIDGETS,
    "attribute-knobs",
    "compare",
    "groove-2bar-humanize",
    "holes",
    "latent-scatter",
    "piano-roll",
    "trio-16bar",
)
IN_MARIMO = (
    ALL_WIDGETS,
    "drums-2bar",
    "groove-2bar-tap",
    "interpolation-pad",
    "interpolation-slider",
    "melody-16bar",
    "multitrack-1bar",
)
TOKEN = secrets.token_hex(8)


class Server:
    """A host in a process of its own, until `stop`."""

    def __init__(self, command: list[str], folder: Path, ready: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        environment = os.environ | {"OMP_NUM_THREADS": "1", "IPYTHONDIR": str(folder / "ipython")}
        port = self.address.rsplit(":", 1)[1]
        self.log = folder / f"{port}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command, f"--port={port}"], env=environment, stdout=log, stderr=log, cwd=folder
            )
        for _ in range(120):
            try:
                urllib.request.urlopen(self.address + ready, timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        raise RuntimeError(f"{command[0]} did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("notebook7")
    for path in NOTEBOOKS:
        shutil.copy(path, folder)
    command = ["notebook", "--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    server = Server(command, folder, f"/api/status?token={TOKEN}")
    yield server
    server.stop()


def watch(page: Any) -> list[str]:
    """Errors of the page; what a host fetches from elsewhere fails without a network and is not ours."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" and "net::ERR" not in m.text else None)
    return errors


def see_widgets(page: Any, picture: Path) -> None:
    """Every widget is painted, and its first control takes the focus and a key."""
    roots = page.locator(".mv-root:not(.mv-root .mv-root)")
    roots.first.wait_for(timeout=120_000)
    # Cells may still run: the last widget is the last once none has come for a while.
    count, calm = roots.count(), 0
    while calm < 12:
        page.wait_for_timeout(250)
        calm = calm + 1 if roots.count() == count else 0
        count = roots.count()
    last = roots.nth(count - 1)
    for k in range(count):
        roots.nth(k).scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        assert roots.nth(k).bounding_box()["height"] > 100
        assert roots.nth(k).get_attribute("data-theme") in ("light", "dark")
    last.screenshot(path=picture)
    play = last.locator(".mv-play").first
    play.click()
    playing = "e => e.closest('.mv-root').dataset.playing === 'true'"
    page.wait_for_function(playing, arg=play.element_handle())
    play.click()


def test_every_notebook_is_shown() -> None:
    assert {*IN_NOTEBOOK_7, *IN_MARIMO, QUICKSTART.stem} == {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("name", IN_NOTEBOOK_7)
def test_notebook_7(name: str, notebook7: Server, browser: Any, artefacts: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    errors = watch(page)
    page.goto(f"{notebook7.address}/notebooks/{name}.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
    # Notebook 7.6 itself raises while it opens ("reading 'schema'", also in an empty notebook).
    errors.clear()
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    last = page.locator(".jp-CodeCell .jp-InputPrompt").last
    page.wait_for_function("e => /\\d/.test(e.textContent)", arg=last.element_handle(), timeout=240_000)
    see_widgets(page, artefacts / f"notebook7-{name}.png")
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert errors == []
    page.close()


@pytest.mark.parametrize("name", IN_MARIMO)
def test_marimo(name: str, browser: Any, artefacts: Path, tmp_path: Path) -> None:
    script = tmp_path / "notebook.py"
    convert = [sys.executable, "-m", "marimo", "-q", "convert", str(NOTEBOOKS[0].with_stem(name)), "-o", str(script)]
    subprocess.run(convert, check=True, capture_output=True)
    assert "_unparsable_cell" not in script.read_text()
    server = Server(["marimo", "-q", "run", str(script), "--headless", "--no-token"], tmp_path, "/health")
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        errors = watch(page)
        page.goto(server.address)
        see_widgets(page, artefacts / f"marimo-{name}.png")
        assert "Traceback" not in server.log.read_text()
        assert errors == []
        page.close()
    finally:
        server.stop()
