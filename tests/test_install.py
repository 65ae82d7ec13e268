"""The built wheel installs beside what a hosted notebook has, and replaces none of it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.install

ROOT = Path(__file__).parents[1]
# Colab's own, of which a newer one would break its front end; torch by the version that is at hand.
PREINSTALLED = ("numpy==2.0.2", "ipywidgets==7.7.1", "torch==2.13.0")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(out.glob("*.whl"))


def test_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    files = zipfile.ZipFile(wheel).infolist()
    names = [file.filename for file in files]
    for needed in (
        "mvae_widgets/static/piano_roll.js",
        "mvae_widgets/static/interpolation_slider.js",
        "mvae_widgets/static/engine.js",
        "mvae_widgets/static/widget.css",
        "mvae_widgets/static/page.js",
        "mvae_widgets/static/page_worker.js",
        "mvae_widgets/static/page.css",
        "mvae_widgets/static/studio.js",
        "mvae_widgets/static/studio.css",
        "mvae_widgets/weights/melody-2bar/weights.safetensors",
        "mvae_widgets/weights/melody-2bar/plane.json",
        "mvae_widgets/weights/melody-lm/weights.safetensors",
        "mvae_widgets/weights/melody-lm/card.json",
        "mvae_widgets/tunes/soldiers-joy.mid",
        "mvae_widgets/export/templates/mvae/index.html.j2",
    ):
        assert needed in names
    assert not [n for n in names if not n.startswith(("mvae_widgets/", "mvae_widgets-"))]
    assert not [n for n in names if n.endswith(".sf2")], "the SoundFont is pretty_midi's, not ours"
    assert sum(file.compress_size for file in files if file.filename.endswith(".safetensors")) < 60e6
    assert sum(file.compress_size for file in files if not file.filename.endswith(".safetensors")) < 4e6


def test_preinstalled_packages_stay(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)

    def pip(*words: str) -> str:
        done = subprocess.run([python, "-m", "pip", *words], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def records() -> dict[str, str]:
        """Every installed file of the preinstalled packages, with its hash."""
        site = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
        return {
            requirement: next(site.glob(requirement.replace("==", "-") + "*.dist-info/RECORD")).read_text()
            for requirement in PREINSTALLED
        }

    pip("install", "--quiet", *PREINSTALLED)
    before = records()
    pip("install", "--quiet", str(wheel))
    assert records() == before
    pip("check")
    code = (
        "import mvae_widgets as mv; m = mv.load('melody-2bar'); s = mv.read(mv.tunes.path('soldiers-joy'));"
        "w = mv.InterpolationSlider(m, m.clips(s)[0], m.clips(s)[1]); print(len(w.sequences), len(mv.to_wav(s)) > 9999)"
    )
    done = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.split() == ["9", "True"], done.stderr


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_badge_and_set_up_cell_name_the_repository(notebook: Path) -> None:
    """One address everywhere, package metadata, badge and set-up cell; and one set-up cell in all notebooks."""
    import json
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    repository = project["urls"]["Repository"].removeprefix("https://github.com/")
    assert f"colab.research.google.com/github/{repository}/blob/main/notebooks/{notebook.name}" in notebook.read_text()
    cells, first = (
        json.loads(path.read_text())["cells"] for path in (notebook, ROOT / "notebooks" / "quickstart.ipynb")
    )
    assert "".join(cells[1]["source"]) == "".join(first[1]["source"])
    assert f'"git+https://github.com/{repository}"' in "".join(cells[1]["source"])
