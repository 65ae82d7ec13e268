"""The quickstart in a real JupyterLab, as a student meets it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.browser.conftest import QUICKSTART, Notebook


def test_run_all_see_and_drag(open_notebook: Callable[..., Notebook], artefacts: Path) -> None:
    notebook = open_notebook(QUICKSTART, scale=2)
    notebook.run_all()
    roll = notebook.widget(0)
    shown = int(roll.get_attribute("data-notes"))
    assert shown == int(notebook.python("print(len(a.notes))")) > 20

    slider = notebook.widget(2)
    handle = slider.get_by_role("slider", name="Step between A and B")
    assert notebook.python("print(slider.value)") == "0.0"
    handle.focus()
    for _ in range(3):
        handle.press("ArrowRight")
    notebook.wait_for("print(slider.value, slider.step)", "0.375 3")
    assert slider.get_attribute("data-step") == "3"
    notes = int(notebook.python("print(len(slider.sequence.notes))"))
    assert int(slider.get_attribute("data-notes")) == notes
    notebook.python("slider.value = 1.0")
    notebook.page.wait_for_function("e => e.dataset.step === '8'", arg=slider.element_handle(), timeout=5000)

    for theme in ("light", "dark"):
        notebook.set_theme(theme)
        for k, name in enumerate(("roll", "roll-model", "slider")):
            root = notebook.widget(k)
            notebook.page.wait_for_function("([e, t]) => e.dataset.theme === t", arg=[root.element_handle(), theme])
            root.screenshot(path=artefacts / f"quickstart-{name}-{theme}.png")
        notebook.page.screenshot(path=artefacts / f"quickstart-lab-{theme}.png")
    assert not notebook.errors
