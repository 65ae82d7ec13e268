"""A real JupyterLab in Chromium, and the kernel behind it at hand."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client import BlockingKernelClient

from tests.browser.bare import BarePage
from tests.browser.listening import RECORDER

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


class Lab:
    """One JupyterLab server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder, secrets.token_hex(8)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.settings, self.runtime = folder / "settings", folder / "runtime"
        self.work = folder / "work"
        for path in (self.settings, self.runtime, self.work):
            path.mkdir(parents=True)
        environment = os.environ | {
            "JUPYTERLAB_SETTINGS_DIR": str(self.settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "IPYTHONDIR": str(folder / "ipython"),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={self.port}"]
        command += [f"--IdentityProvider.token={self.token}", "--ServerApp.ip=127.0.0.1"]
        command += [f"--ServerApp.root_dir={self.work}"]
        self.log = (folder / "server.log").open("w")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        self._wait()

    def _wait(self) -> None:
        for _ in range(120):
            try:
                self.get("/api/status")
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.5)
        raise RuntimeError(f"JupyterLab did not start:\n{(self.folder / 'server.log').read_text()}")

    def get(self, path: str) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)

    def set(self, plugin: str, **settings: str) -> None:
        """What a user would set: ``set("apputils-extension:themes", theme="JupyterLab Dark")``."""
        extension, name = plugin.split(":")
        file = self.settings / "@jupyterlab" / extension / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


class Notebook:
    """An open notebook: its page, and a client of its kernel."""

    def __init__(self, lab: Lab, page: Any, name: str) -> None:
        self.lab, self.page, self.name = lab, page, name
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)
        page.goto(f"http://127.0.0.1:{lab.port}/lab/tree/{name}?token={lab.token}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.wait_for_selector("[data-status=idle], .jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000)
        self.client = self._client()

    def _on_console(self, message: Any) -> None:
        # Without a network the Colab badge in the notebook's text cannot be fetched.
        if message.type == "error" and "net::ERR" not in message.text:
            self.errors.append(message.text)

    def _client(self) -> BlockingKernelClient:
        for _ in range(60):
            for session in self.lab.get("/api/sessions"):
                file = self.lab.runtime / f"kernel-{session['kernel']['id']}.json"
                if session["path"] == self.name and file.exists():
                    client = BlockingKernelClient(connection_file=str(file))
                    client.load_connection_file()
                    client.start_channels()
                    client.wait_for_ready(60)
                    return client
            time.sleep(0.5)
        raise RuntimeError(f"No kernel for {self.name}")

    def run_all(self) -> None:
        """Run all cells through the menu, as a user does, and wait for the last."""
        self.page.locator(".jp-Notebook .jp-Cell").first.click()
        self.page.get_by_role("menuitem", name="Run", exact=True).first.click()
        self.page.get_by_text("Run All Cells", exact=True).first.click()
        self.python("pass")

    def python(self, code: str, timeout: float = 120) -> str:
        """Run code in the notebook's kernel, after what is queued there; what it printed."""
        printed: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                printed.append(content["text"])
            elif message["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))

        self.client.execute_interactive(code, output_hook=hook, timeout=timeout)
        return "".join(printed).strip()

    def wait_for(self, code: str, printed: str, seconds: float = 10) -> None:
        """Run code until it prints what it should."""
        until = time.time() + seconds
        while (got := self.python(code)) != printed and time.time() < until:
            time.sleep(0.2)
        assert got == printed

    def widget(self, index: int) -> Any:
        """The index-th widget of the page, on screen."""
        root = self.page.locator(".mv-root").nth(index)
        root.wait_for(timeout=60_000)
        root.scroll_into_view_if_needed()
        return root

    def set_theme(self, theme: str) -> None:
        """Choose another theme in the menu."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).first.click()
        self.page.get_by_text("Theme", exact=True).first.hover()
        self.page.get_by_text(f"JupyterLab {theme.title()}", exact=True).first.click()
        self.page.wait_for_selector(f"body[data-jp-theme-name='JupyterLab {theme.title()}']", state="attached")

    def close(self) -> None:
        self.client.stop_channels()
        self.page.context.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def open_notebook(lab: Lab, browser: Any) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook made of cells of code, or a file: ``open_notebook(cells, theme="dark")``.

    It stays open until the module ends: page and kernel take seconds, so tests share one. Without `windowing` also
    cells that are out of sight stay in the page.
    """
    with ExitStack() as stack:

        def make(cells: list[str] | Path, theme: str = "light", scale: float = 1, windowing: bool = True) -> Notebook:
            name = f"{secrets.token_hex(4)}.ipynb"
            if isinstance(cells, Path):
                notebook = nbformat.read(cells, as_version=4)
            else:
                notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
                notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
            nbformat.write(notebook, lab.work / name)
            lab.set("apputils-extension:themes", theme=f"JupyterLab {theme.title()}")
            lab.set("apputils-extension:notification", fetchNews="false")
            lab.set("notebook-extension:tracker", **({} if windowing else {"windowingMode": "none"}))
            context = browser.new_context(viewport={"width": 1280, "height": 1000}, device_scale_factor=scale)
            context.add_init_script(RECORDER)
            opened = Notebook(lab, context.new_page(), name)
            stack.callback(opened.close)
            return opened

        yield make


@pytest.fixture
def bare(browser: Any) -> Iterator[Callable[..., BarePage]]:
    """A page without Jupyter: ``bare(width=800, dark=True).show(widget)``."""
    yield from bare_pages(browser)


@pytest.fixture(scope="module")
def lasting(browser: Any) -> Iterator[Callable[..., BarePage]]:
    """As `bare`, but the page stays until the module ends."""
    yield from bare_pages(browser)


def bare_pages(browser: Any) -> Iterator[Callable[..., BarePage]]:
    pages: list[BarePage] = []

    def make(width: int = 1100, height: int = 1000, dark: bool = False, scale: float = 1, **context: Any) -> BarePage:
        size = {"width": width, "height": height}
        opened = browser.new_context(viewport=size, device_scale_factor=scale, **context)
        opened.add_init_script(RECORDER)
        pages.append(BarePage(opened.new_page(), dark))
        return pages[-1]

    yield make
    for page in pages:
        page.close()


@pytest.fixture
def artefacts() -> Path:
    """Where screenshots are kept to be looked at."""
    ARTEFACTS.mkdir(exist_ok=True)
    return ARTEFACTS
