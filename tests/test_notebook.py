"""The notebook extension in a real IPython shell."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from mvae_widgets import notebook

VIEW = "application/vnd.jupyter.widget-view+json"
TUNE = """X:1
T:Scale
M:4/4
L:1/4
K:C
CDEF|GABc|
"""


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    ip = InteractiveShell.instance()
    notebook.load_ipython_extension(ip)
    yield ip
    notebook.unload_ipython_extension(ip)
    InteractiveShell.clear_instance()


@pytest.fixture
def sequence() -> Any:
    from note_seq import NoteSequence

    made = NoteSequence()
    made.sequence_metadata.title = "Three"
    for i in range(3):
        made.notes.add(pitch=60 + i, velocity=80, start_time=i * 0.5, end_time=i * 0.5 + 0.5)
    made.total_time = 1.5
    return made


def _picture_of(data: dict[str, Any]) -> None:
    assert "<svg" in data["image/svg+xml"]
    assert "Three" in data["image/svg+xml"]
    png = data["image/png"]
    assert (png if isinstance(png, bytes) else base64.b64decode(png)).startswith(b"\x89PNG")
    assert "velocity" not in data["text/plain"]  # not pages of protobuf


def test_a_sequence_is_shown_as_music(shell: InteractiveShell, sequence: Any) -> None:
    data, metadata = shell.display_formatter.format(sequence)
    _picture_of(data)
    assert VIEW in data
    assert metadata["image/png"]["width"] >= 600


def test_a_pretty_midi_is_shown_as_music(shell: InteractiveShell) -> None:
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(initial_tempo=90)
    part = pretty_midi.Instrument(33, name="Three strings")
    part.notes += [pretty_midi.Note(90, 40 + i, i, i + 1) for i in range(3)]
    midi.instruments.append(part)
    data, _ = shell.display_formatter.format(midi)
    assert "<svg" in data["image/svg+xml"]
    assert "3 notes" in data["image/svg+xml"]
    assert VIEW in data


@pytest.mark.parametrize("what", ["sequence", "midi"])
def test_pictures_are_shown_where_the_widget_fails(
    shell: InteractiveShell, sequence: Any, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mvae_widgets.widgets.piano_roll", None)
    if what == "midi":
        import note_seq

        sequence = note_seq.note_sequence_to_pretty_midi(sequence)
    data, _ = shell.display_formatter.format(sequence)
    assert "3 notes" in data["image/svg+xml"]
    assert VIEW not in data


def test_text_is_shown_where_everything_fails(
    shell: InteractiveShell,
    sequence: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "mvae_widgets.widgets.piano_roll", None)
    monkeypatch.setitem(sys.modules, "mvae_widgets.render.plots", None)
    data, _ = shell.display_formatter.format(sequence)
    assert list(data) == ["text/plain"]
    assert "pitch: 60" in data["text/plain"]
    assert capsys.readouterr() == ("", "")


def test_a_terminal_keeps_its_text(shell: InteractiveShell, sequence: Any) -> None:
    shell.display_formatter.active_types = ["text/plain"]
    data, _ = shell.display_formatter.format(sequence)
    assert list(data) == ["text/plain"]
    assert "pitch: 60" in data["text/plain"]


def test_other_things_are_shown_as_before(shell: InteractiveShell) -> None:
    assert shell.display_formatter.format([1, 2]) == ({"text/plain": "[1, 2]"}, {})


def test_unloading_takes_it_back_and_loading_twice_does_no_harm(shell: InteractiveShell, sequence: Any) -> None:
    notebook.load_ipython_extension(shell)
    notebook.unload_ipython_extension(shell)
    data, _ = shell.display_formatter.format(sequence)
    assert list(data) == ["text/plain"]
    assert "abc" not in shell.magics_manager.magics["cell"]
    notebook.unload_ipython_extension(shell)
    notebook.load_ipython_extension(shell)
    assert "image/svg+xml" in shell.display_formatter.format(sequence)[0]


def test_extension_is_loaded_by_the_name_of_the_package() -> None:
    script = """
import sys
from IPython.core.interactiveshell import InteractiveShell
ip = InteractiveShell.instance()
ip.run_line_magic("load_ext", "mvae_widgets")
heavy = {"torch", "note_seq", "bokeh", "pretty_midi"} & set(sys.modules)
assert not heavy, heavy
from note_seq import NoteSequence
assert "image/svg+xml" in ip.display_formatter.format(NoteSequence())[0]
ip.run_line_magic("unload_ext", "mvae_widgets")
assert "image/svg+xml" not in ip.display_formatter.format(NoteSequence())[0]
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", [TUNE, TUNE.removeprefix("X:1\n")])
def test_abc_is_read_shown_and_bound(shell: InteractiveShell, text: str) -> None:
    result = shell.run_cell("%%abc tune\n" + text)
    assert result.success
    tune = shell.user_ns["tune"]
    assert result.result is tune
    assert [note.pitch for note in tune.notes] == [60, 62, 64, 65, 67, 69, 71, 72]
    assert tune.sequence_metadata.title == "Scale"
    assert "Scale" in shell.display_formatter.format(tune)[0]["image/svg+xml"]


def test_abc_without_a_name_binds_none(shell: InteractiveShell) -> None:
    before = set(shell.user_ns)
    result = shell.run_cell("%%abc\n" + TUNE)
    assert len(result.result.notes) == 8
    assert {name for name in set(shell.user_ns) - before if not name.startswith("_")} == set()


@pytest.mark.parametrize(
    ("line", "text", "what"),
    [
        ("", "\n", "empty"),
        ("1st", TUNE, "variable name"),
        ("class", TUNE, "variable name"),
        ("two names", TUNE, "variable name"),
        ("", "X:1\nM:0/0\nK:C\nabc", "line 2 .*0/0"),
        ("", "X:1\nK:C\n[CEG abc|", "this tune"),
        ("", "no notation at all, but prose", "no header"),
    ],
)
def test_bad_abc_is_one_clear_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, text: str, what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        shell.find_cell_magic("abc")(line, text)
    result = shell.run_cell(f"%%abc {line}\n{text}")
    assert isinstance(result.error_in_exec, UsageError)
    out, err = capsys.readouterr()
    printed = (out + err).strip()
    assert "Traceback" not in printed
    assert len(printed.splitlines()) == 1
    assert printed.startswith("UsageError: %%abc: ")
