"""Every widget in one notebook of a real JupyterLab: its kernel, its shortcuts, its echo; a kernel that is busy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mvae_widgets as mv
from tests.browser import listening
from tests.browser.conftest import Notebook
from tests.browser.hand import START, TUNE

CELLS = {
    "setup": "import json, time\nimport mvae_widgets as mv\nmodel = mv.load('melody-2bar')\n"
    "a, b = (model.clips(mv.read(mv.tunes.path(n)))[0] for n in ('soldiers-joy', 'fishers-hornpipe'))",
    "roll": "mv.PianoRoll(a, tempo=100)",
    "compare": "compare = mv.Compare.reconstruction(model, a)\ncompare",
    "rows": "rows = mv.Compare.samples(model)\nrows",
    "editor": f"roll = mv.PianoRoll(mv.read({TUNE!r}), model, edit=True)\nseen = []\n"
    "roll.observe(lambda change: seen.append(len(change.new.notes)), 'sequence')\n"
    "def notes():\n    pace = roll.sequence.tempos[0].qpm / 60\n"
    "    return json.dumps([[n.pitch, round(n.start_time * pace, 3)] for n in roll.sequence.notes])\nroll",
    "knobs": "knobs = mv.AttributeKnobs(model, a, tempo=120)\nknobs",
    "pad": "pad = mv.InterpolationPad(model, [a, b, b, a], n=4)\nshown = []\n"
    "pad.observe(shown.append, 'sequence')\npad",
    "scatter": "scatter = mv.LatentScatter(model, [mv.tunes.load(n) for n in mv.tunes.names()], value=3)\nscatter",
    "slider": "slider = mv.InterpolationSlider(model, a, b, a, steps=9)\nslider",
    "pair": "pair = mv.InterpolationSlider(model, a, b)\npair",
    "waltz": 'waltz = mv.PianoRoll(mv.read("X:1\\nT:Waltz\\nM:3/4\\nL:1/4\\nK:C\\nCEG|cGE|DFA|c3|\\n"), model)\nwaltz',
    "deep": 'mv.PianoRoll(mv.read("X:1\\nT:Deep\\nM:4/4\\nL:1/4\\nK:C\\nCE[Gc]c|C,,,,,CEG|\\n"), model)',
    "broken": "class Broken:\n    name = 'broken'\n    has_places = False\n"
    "    def clips(self, music): raise mv.MusicVAEError('The clip is upside down.', 'Turn it round.')\n"
    "broken = mv.PianoRoll(a)\nbroken._model = Broken()\nbroken",
}
"""A widget in each but the first."""


@pytest.fixture(scope="module")
def workbook(open_notebook: Callable[..., Notebook]) -> Notebook:
    notebook = open_notebook(list(CELLS.values()), theme="dark", windowing=False)
    notebook.run_all()
    return notebook


@pytest.fixture
def notebook(workbook: Notebook) -> Iterator[Notebook]:
    workbook.errors.clear()
    yield workbook
    assert workbook.errors == []


def widget(notebook: Notebook, name: str) -> Any:
    return notebook.widget(list(CELLS).index(name) - 1)


def has(notebook: Notebook, root: Any, seconds: float = 10, **data: object) -> None:
    """Wait until the root says so."""
    for name, value in data.items():
        condition = "([e, name, value]) => e.dataset[name] === value"
        arg = [root.element_handle(), name, str(value)]
        notebook.page.wait_for_function(condition, arg=arg, timeout=1000 * seconds)


def test_what_is_played_is_heard(notebook: Notebook, model: Any) -> None:
    root = widget(notebook, "roll")
    assert root.get_attribute("data-theme") == "dark"
    listening.warm_up(notebook.page, root)
    tape = listening.play(notebook.page, root, 5.0)
    clip = model.clips(mv.tunes.load("soldiers-joy"))[0]
    listening.check(tape, listening.starts(clip.sequence, 100))


def test_what_is_chosen_in_a_comparison_is_told(notebook: Notebook) -> None:
    pair, rows = widget(notebook, "compare"), widget(notebook, "rows")
    pair.get_by_role("radio", name="Reconstruction").press("ArrowLeft")
    notebook.wait_for("print(compare.selected)", "('original', 0)")
    rows.locator(".mv-cell").first.press("ArrowRight")
    notebook.wait_for("print(rows.selected)", "('data', 1)")


def test_a_roll_is_edited(notebook: Notebook) -> None:
    root = widget(notebook, "editor")
    stage = root.locator(".mv-stage")
    start = [[pitch, float(begin)] for pitch, begin, _ in START]
    stage.press("Control+a")
    stage.press("Alt+ArrowUp")
    up = [[pitch + 1, begin] for pitch, begin in start]
    notebook.wait_for("print(notes())", json.dumps(up))
    # The shortcuts of JupyterLab are not in the way, nor does the host's echo become a step.
    stage.press("Control+z")
    notebook.wait_for("print(notes())", json.dumps(start))
    assert root.get_by_role("button", name="Undo").is_disabled()
    stage.press("Control+d")
    notebook.wait_for("print(len(roll.sequence.notes))", "10")
    notebook.python("roll.sequence = mv.tunes.load('low-road')")
    count = len(mv.tunes.load("low-road").notes)
    has(notebook, root, notes=count)
    stage.press("Control+z")
    notebook.wait_for("print(len(roll.sequence.notes))", "10")
    root.locator("input[type=file]").set_input_files(mv.tunes.path("soldiers-joy"))
    notebook.wait_for("print(roll.sequence.filename)", "soldiers-joy.mid")
    assert notebook.python("print(seen[:3])") == "[5, 5, 10]"


# From which second of a clip sound is begun; bars last two.
STARTS = """() => {
  const start = AudioBufferSourceNode.prototype.start;
  window.__starts = [];
  AudioBufferSourceNode.prototype.start = function (at, offset) {
    window.__starts.push({ at, offset });
    return start.call(this, at, offset);
  };
}"""


def test_a_turn_of_a_knob_is_heard_at_once(notebook: Notebook, artefacts: Path) -> None:
    root = widget(notebook, "knobs")
    listening.warm_up(notebook.page, root)
    density = root.get_by_role("slider", name="Density", exact=True)
    notebook.page.evaluate(STARTS)
    listening.erase(notebook.page)
    root.get_by_role("button", name="Play", exact=True).click()
    notebook.page.wait_for_timeout(500)
    density.focus()
    for _ in range(3):
        density.press("PageUp")
    # The new clip begins within the bar that sounds, at its beat.
    notebook.page.wait_for_function("() => window.__starts.some(({ offset }) => offset > 0 && offset % 2 > 0)")
    notebook.wait_for("print(round(knobs.value['note_density'] - 13 / 32, 3))", "0.3")
    # Two bars of two seconds: by now it has been round, with the thicker music.
    listening.wait(notebook.page, 6.1)
    tape = listening.read(notebook.page)
    root.get_by_role("button", name="Stop").click()
    heard = listening.onsets(tape)
    heard = heard - heard[0]
    thick = int(notebook.python("print(len(knobs.sequence.notes))"))
    thin = int(notebook.python("print(len(a.sequence.notes))"))
    assert thick >= thin + 5
    whole = ((heard > 1.97) & (heard < 5.97)).sum()
    assert abs(whole - thick) <= 1, f"{whole} notes heard in two bars, {thick} are written, {thin} were"
    root.screenshot(path=artefacts / "knobs-lab.png")


def test_a_pad_is_walked_and_a_path_drawn(notebook: Notebook) -> None:
    root = widget(notebook, "pad")
    grid = root.locator(".mv-pad-square")
    grid.press("ArrowDown")
    grid.press("ArrowRight")
    notebook.wait_for("print(pad.value)", "(1, 1)")
    assert notebook.python("print(len(shown))") == "2"
    grid.press("Shift+ArrowRight")
    notebook.wait_for("print(pad.value)", "(1, 1.1)")
    has(notebook, root, notes=notebook.python("print(len(pad.sequence.notes))"))
    grid.press("p")
    grid.press("ArrowRight")
    grid.press("p")
    notebook.wait_for("print(pad.path)", "[[1, 1], [1, 2]]")
    notebook.python("pad.path = [[0, 0], [3, 3], [0, 3]]")
    has(notebook, root, path=3)
    notebook.python("pad.value = (3, 0)")
    has(notebook, root, cell="3,0")


def test_an_empty_place_of_a_map_decodes(notebook: Notebook, artefacts: Path) -> None:
    root = widget(notebook, "scatter")
    has(notebook, root, 20, painter="webgl")
    assert root.get_attribute("data-value") == "3"
    box = root.locator(".mv-map-stage").bounding_box()
    notebook.page.mouse.click(box["x"] + 30, box["y"] + box["height"] - 30)
    has(notebook, root, value="")
    notebook.wait_for("print(scatter.value)", "None")
    assert root.get_attribute("data-notes") == notebook.python("print(len(scatter.sequence.notes))")
    notebook.python("scatter.selected = [1, 2, 3]")
    has(notebook, root, selected=3)
    root.screenshot(path=artefacts / "latent-scatter-lab.png")


def test_a_place_between_steps_is_heard_of_in_python(notebook: Notebook) -> None:
    root = widget(notebook, "slider")
    handle = root.get_by_role("slider", name="Step between A and C")
    handle.press("ArrowRight")
    handle.press("Shift+ArrowRight")
    has(notebook, root, 20, exact="true")
    notebook.wait_for("print(round(slider.value * 8, 6))", "1.1")
    assert root.get_attribute("data-notes") == notebook.python("print(len(slider.sequence.notes))")


def test_a_busy_kernel_neither_blocks_the_slider_nor_corrupts_the_model(notebook: Notebook, tmp_path: Path) -> None:
    enough = tmp_path / "enough"
    busy = (
        f"from pathlib import Path\nexpected = model.encode(a).mu\nuntil = time.time() + 60\nrounds = 0\n"
        f"while not Path({str(enough)!r}).exists() and time.time() < until:\n"
        "    assert (model.encode(a).mu == expected).all()\n    model.decode(pair.z)\n    rounds += 1"
    )
    slider = widget(notebook, "pair")
    message = notebook.client.execute(busy)
    notebook.page.wait_for_timeout(1000)
    handle = slider.get_by_role("slider", name="Step between A and B")
    box = slider.locator(".mv-rail").bounding_box()
    notebook.page.mouse.move(box["x"] + box["width"] * 0.08, box["y"] + box["height"] / 2)
    notebook.page.mouse.down()
    for k in range(20):
        notebook.page.mouse.move(box["x"] + box["width"] * (0.08 + 0.6 * k / 19), box["y"] + box["height"] / 2)
    notebook.page.mouse.up()
    # The kernel is busy until it is told that it is enough: the page has not waited for it.
    step = int(slider.get_attribute("data-step"))
    assert step in (5, 6)
    assert round(float(handle.get_attribute("aria-valuenow"))) == step
    enough.touch()
    reply = notebook.client.get_shell_msg(timeout=60)
    while reply["parent_header"]["msg_id"] != message:
        reply = notebook.client.get_shell_msg(timeout=60)
    assert reply["content"]["status"] == "ok", reply["content"]
    assert int(notebook.python("print(rounds)")) > 10
    # ipywidgets holds the last value back until the kernel has answered for the one before.
    notebook.wait_for("print(pair.step)", str(step))
    assert notebook.python("print((model.encode(a).mu == expected).all().item())") == "True"
    shown = notebook.python("print(len(pair.sequence.notes))")
    assert slider.get_attribute("data-notes") == shown


def test_what_the_model_refuses_is_said_in_the_widget(notebook: Notebook, artefacts: Path) -> None:
    roll = widget(notebook, "waltz")
    assert "3/4" in roll.locator(".mv-status").inner_text()
    assert roll.get_attribute("data-notes") == "10"
    deep_roll = widget(notebook, "deep")
    assert "bar" in deep_roll.locator(".mv-status").inner_text()
    deep_roll.screenshot(path=artefacts / "refused.png")
    # Another sequence takes its place, and the warning goes.
    notebook.python("waltz.sequence = a")
    notebook.page.wait_for_function("e => e.dataset.notes !== '10'", arg=roll.element_handle(), timeout=5000)
    assert "3/4" not in roll.locator(".mv-status").inner_text()


def test_an_error_in_a_callback_appears_in_the_widget(notebook: Notebook, artefacts: Path) -> None:
    roll = widget(notebook, "broken")
    notebook.python("broken.sequence = b")
    status = roll.locator(".mv-status")
    notebook.page.wait_for_function(
        "e => e.innerText.includes('upside down')", arg=status.element_handle(), timeout=5000
    )
    assert "Turn it round." in status.inner_text()
    roll.screenshot(path=artefacts / "error.png")
    notebook.python("broken._model = None; broken.sequence = a")
    notebook.page.wait_for_function("e => !e.innerText.includes('upside')", arg=status.element_handle(), timeout=5000)
