"""A busy kernel, bad input and errors: the widget lives on and says what is the matter."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.browser.conftest import Notebook
from tests.browser.test_sound import SETUP


def test_a_busy_kernel_neither_blocks_the_slider_nor_corrupts_the_model(open_notebook: Callable[..., Notebook]) -> None:
    busy = (
        "import time\nexpected = model.encode(a).mu\nuntil = time.time() + 6\nrounds = 0\n"
        "while time.time() < until:\n    assert (model.encode(a).mu == expected).all()\n"
        "    model.decode(slider.z)\n    rounds += 1"
    )
    notebook = open_notebook([SETUP, "slider = mv.InterpolationSlider(model, a, b)\nslider"])
    notebook.run_all()
    slider = notebook.widget(0)
    message = notebook.client.execute(busy)
    notebook.page.wait_for_timeout(1000)
    handle = slider.get_by_role("slider", name="Step between A and B")
    box = slider.locator(".mv-rail").bounding_box()
    started = time.perf_counter()
    notebook.page.mouse.move(box["x"] + box["width"] * 0.08, box["y"] + box["height"] / 2)
    notebook.page.mouse.down()
    for k in range(20):
        notebook.page.mouse.move(box["x"] + box["width"] * (0.08 + 0.6 * k / 19), box["y"] + box["height"] / 2)
    notebook.page.mouse.up()
    took = time.perf_counter() - started
    step = int(slider.get_attribute("data-step"))
    assert step in (5, 6)
    assert round(float(handle.get_attribute("aria-valuenow"))) == step
    assert took < 4.5, "dragging waited for the kernel, which is busy for six seconds"
    reply = notebook.client.get_shell_msg(timeout=60)
    while reply["parent_header"]["msg_id"] != message:
        reply = notebook.client.get_shell_msg(timeout=60)
    assert reply["content"]["status"] == "ok", reply["content"]
    assert int(notebook.python("print(rounds)")) > 10
    # ipywidgets holds the last value back until the kernel has answered for the one before.
    notebook.wait_for("print(slider.step)", str(step))
    assert notebook.python("print((model.encode(a).mu == expected).all().item())") == "True"
    shown = notebook.python("print(len(slider.sequence.notes))")
    assert slider.get_attribute("data-notes") == shown


def test_what_the_model_refuses_is_said_in_the_widget(open_notebook: Callable[..., Notebook], artefacts: Path) -> None:
    waltz = 'mv.read("X:1\\nT:Waltz\\nM:3/4\\nL:1/4\\nK:C\\nCEG|cGE|DFA|c3|\\n")'
    deep = 'mv.read("X:1\\nT:Deep\\nM:4/4\\nL:1/4\\nK:C\\nCE[Gc]c|C,,,,,CEG|\\n")'
    notebook = open_notebook([SETUP, f"roll = mv.PianoRoll({waltz}, model)\nroll", f"mv.PianoRoll({deep}, model)"])
    notebook.run_all()
    roll = notebook.widget(0)
    assert "3/4" in roll.locator(".mv-status").inner_text()
    assert roll.get_attribute("data-notes") == "10"
    deep_roll = notebook.widget(1)
    assert "bar" in deep_roll.locator(".mv-status").inner_text()
    deep_roll.screenshot(path=artefacts / "refused.png")
    # Another sequence takes its place, and the warning goes.
    notebook.python("roll.sequence = a")
    notebook.page.wait_for_function("e => e.dataset.notes !== '10'", arg=roll.element_handle(), timeout=5000)
    assert "3/4" not in roll.locator(".mv-status").inner_text()


def test_an_error_in_a_callback_appears_in_the_widget(open_notebook: Callable[..., Notebook], artefacts: Path) -> None:
    broken = (
        "class Broken:\n    name = 'broken'\n    has_places = False\n"
        "    def clips(self, music): raise mv.MusicVAEError('The clip is upside down.', 'Turn it round.')\n"
        "roll = mv.PianoRoll(a)\nroll._model = Broken()\nroll"
    )
    notebook = open_notebook([SETUP, broken])
    notebook.run_all()
    roll = notebook.widget(0)
    notebook.python("roll.sequence = b")
    status = roll.locator(".mv-status")
    notebook.page.wait_for_function(
        "e => e.innerText.includes('upside down')", arg=status.element_handle(), timeout=5000
    )
    assert "Turn it round." in status.inner_text()
    roll.screenshot(path=artefacts / "error.png")
    notebook.python("roll._model = None; roll.sequence = a")
    notebook.page.wait_for_function("e => !e.innerText.includes('upside')", arg=status.element_handle(), timeout=5000)
