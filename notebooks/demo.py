"""Run the quickstart without a browser: what `make demo` does.

Leaves under ``out/``: the interpolation as MIDI and sound, its piano roll as a picture, and the executed
notebook as a page that needs neither kernel nor network.
"""

from __future__ import annotations

import argparse
import sys
import time
import wave
from pathlib import Path

import nbformat
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

from mvae_widgets.export.html import StaticHTMLExporter, StaticPicturePreprocessor

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
OUT = ROOT / "out"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="also keep the pictures in the notebook itself")
    options = parser.parse_args()
    started = time.perf_counter()
    OUT.mkdir(exist_ok=True)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    print(f"Running {NOTEBOOK.relative_to(ROOT)} ...", flush=True)
    try:
        run = ExecutePreprocessor(timeout=300, kernel_name="python3", extra_arguments=["--log-level=ERROR"])
        run.preprocess(notebook, {"metadata": {"path": str(ROOT)}})
    except CellExecutionError as error:
        print(f"The notebook stopped with an error:\n{error}", file=sys.stderr)
        return 1
    page, _ = StaticHTMLExporter().from_notebook_node(notebook, resources={"metadata": {"name": "quickstart"}})
    (OUT / "quickstart.html").write_text(page, encoding="utf-8")
    if options.save:
        still, _ = StaticPicturePreprocessor(enabled=True).preprocess(notebook, {})
        for cell in still.cells:
            cell.metadata.pop("execution", None)
        nbformat.write(still, NOTEBOOK)
    with wave.open(str(OUT / "interpolation.wav")) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    made = {
        "interpolation.mid": "nine steps from one tune to the other, one after the other",
        "interpolation.wav": f"the same as sound, {seconds:.0f} s",
        "piano-roll.svg": "the same as a picture",
        "quickstart.html": "the notebook, executed; opens without kernel or network",
    }
    print(f"Done in {time.perf_counter() - started:.0f} s. Made:")
    for name, what in made.items():
        print(f"  out/{name:<18} {(OUT / name).stat().st_size / 1024:7.0f} KB  {what}")
    print("`make lab` opens the same notebook in JupyterLab, where the widgets live.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
