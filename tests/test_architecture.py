"""The plan of the house holds: rooms import only along the arrows, and the door is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mvae_widgets

ROOT = Path(mvae_widgets.__file__).parent
EVERYTHING = {
    "music",
    "nn",
    "checkpoints",
    "latent",
    "operations",
    "musicvae",
    "colour",
    "columns",
    "corpus",
    "training",
    "render",
    "widgets",
    "export",
    "verify",
}
# Room -> rooms it may import. `errors`, `checks` and `whole_files` are open to all.
OPEN = ("errors", "checks", "whole_files")
ARROWS = {
    "music": set(),
    "nn": set(),
    "checkpoints": {"nn"},
    "latent": set(),
    "colour": set(),
    "columns": set(),
    "corpus": {"music", "columns"},
    "operations": {"music", "nn", "checkpoints", "latent", "colour", "columns", "corpus"},
    "musicvae": {"music", "nn", "checkpoints", "latent", "colour", "operations"},
    "verify": {"nn", "checkpoints"},
    "training": {
        "nn",
        "latent",
        "checkpoints",
        "music.families",
        "music.features",
        "music.edits",
        "music.dataspace",
        "music.performance",
    },
    "render": {"music", "colour"},
    # A widget writes itself as a page or a session, which know no widget.
    "widgets": {"music", "latent", "render", "colour", "corpus", "export.page", "export.session"},
    "export": {"widgets", "render"},
    "notebook": EVERYTHING,
    "cli": EVERYTHING,
    "__init__": EVERYTHING | {"notebook"},
}
HEAVY = ("torch", "note_seq", "bokeh", "pandas", "pretty_midi")


def imports(path: Path) -> set[str]:
    """Modules of the package that a file imports, relative to the package."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {a.name.removeprefix("mvae_widgets.") for a in node.names if a.name.startswith("mvae_widgets.")}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = package[: len(package) - node.level + 1]
                module = ".".join((*base, *filter(None, [module])))
            elif module.split(".")[0] == "mvae_widgets":
                module = module.removeprefix("mvae_widgets").removeprefix(".")
            else:
                continue
            found |= {".".join(filter(None, (module, a.name))) for a in node.names}
    return found


FILES = sorted(p for p in ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    room = path.relative_to(ROOT).with_suffix("").parts[0]
    allowed = ARROWS.get(room)
    if allowed is None:
        assert room in OPEN
        allowed = set()
    if room == "training" and path.stem.startswith("prepare"):
        allowed = allowed | {"music"}  # folders of music become arrays there, and nowhere else
    for target in imports(path):
        to = target.split(".")[0]
        if to in (room, *OPEN) or to not in ARROWS:
            continue
        assert any(target == a or target.startswith(f"{a}.") for a in allowed), f"{room} may not import {target}"


def test_no_file_is_too_long() -> None:
    source = [*FILES, *(ROOT.parent / "js" / "src").rglob("*.ts")]
    assert not {p.name: n for p in source if (n := len(p.read_text().splitlines())) > 420}


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = run(f"import sys, mvae_widgets; print([m for m in {HEAVY!r} if m in sys.modules])")
    assert loaded == "[]"


def test_training_runs_where_only_torch_and_numpy_are_installed() -> None:
    block = "note_seq, pretty_midi, anywidget, traitlets, ipywidgets, IPython, bokeh"
    code = f"import sys\nfor m in {block!r}.split(', '): sys.modules[m] = None\n"
    code += "import mvae_widgets.training.card, mvae_widgets.training.loop, mvae_widgets.cli; print('fine')"
    assert run(code) == "fine"


def test_widgets_never_import_torch() -> None:
    code = "import sys; sys.modules['torch'] = None\nimport mvae_widgets.widgets.piano_roll, "
    assert run(code + "mvae_widgets.widgets.interpolation_slider, mvae_widgets.widgets.studio; print('fine')") == "fine"


def test_every_public_name_is_there() -> None:
    for name in mvae_widgets.__all__:
        assert getattr(mvae_widgets, name) is not None
    assert set(mvae_widgets.__all__) <= set(dir(mvae_widgets))


def test_python_and_page_have_one_version() -> None:
    import json

    package = json.loads((ROOT.parent / "package.json").read_text())
    assert package["version"] == mvae_widgets.__version__
