"""Take the pictures of the README: the widgets of the quickstart in JupyterLab, while they play.

``.venv/bin/python -m notebooks.picture`` after ``make test`` has set everything up.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from tests.browser.conftest import QUICKSTART, Lab, Notebook
from tests.conftest import CHROMIUM, FLAGS

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    lab = Lab(Path(tempfile.mkdtemp()))
    nbformat.write(nbformat.read(QUICKSTART, as_version=4), lab.work / "quickstart.ipynb")
    try:
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for theme in ("light", "dark"):
                lab.set("apputils-extension:themes", theme=f"JupyterLab {theme.title()}")
                page = browser.new_context(viewport={"width": 1240, "height": 1000}, device_scale_factor=2).new_page()
                notebook = Notebook(lab, page, "quickstart.ipynb")
                notebook.run_all()
                slider = notebook.widget(2)
                notebook.python("slider.value = 0.5; slider.tempo = 120")
                slider.get_by_role("button", name="Play").click()
                page.wait_for_function("e => e.dataset.engine === 'soundfont'", arg=slider.element_handle())
                page.wait_for_timeout(1300)
                slider.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')][1]").screenshot(
                    path=IMAGES / f"slider-{theme}.png"
                )
                notebook.close()
            browser.close()
    finally:
        lab.stop()


if __name__ == "__main__":
    main()
