"""Time to the first drawing of the map with 10,000, 100,000 and 1,000,000 points, beside jupyter-scatter.

``python -m benchmarks.scatter`` measures, in headless Chromium, from the moment at which the page is given the widget
until WebGL has drawn every point, points sent by message included; then how long a frame of panning takes, and a
lasso round a third of the map. ``--peer PYTHON`` also runs jupyter-scatter from another environment that has it
(``pip install jupyter-scatter``), through the same anywidget calls. Prints a table (Markdown) and writes it as JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import mvae_widgets as mv
from tests.browser.bare import BarePage
from tests.conftest import CHROMIUM, FLAGS

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 3

# What a peer's environment runs: the widget's state and code, as a page gets them.
PEER = """
import base64, json, sys
import numpy as np, jscatter
n, out = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
plot = jscatter.Scatter(x=rng.standard_normal(n), y=rng.standard_normal(n), width=860, height=520)
widget = plot.widget
state = widget.get_state()
for name in ("_css", "layout", "tabbable", "tooltip"):
    state.pop(name, None)
code = state.pop("_esm")
for name, value in list(state.items()):
    if isinstance(value, dict) and "view" in value:
        raw = bytes(value["view"])
        state[name] = {"dtype": value["dtype"], "shape": value["shape"], "$view": base64.b64encode(raw).decode()}
        continue
    try:
        json.dumps(value)
    except TypeError:
        state[name] = None
json.dump({"state": state, "code": code}, open(out, "w"))
"""

# Its page: a model of traits alone; done once regl-scatterplot's canvas has other pixels than empty ones.
PEER_PAGE = """
async ({ state, code }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  for (const value of Object.values(state))
    if (value && value.$view !== undefined) value.view = new DataView(bytes(value.$view).buffer);
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const el = document.createElement("div");
  document.body.append(el);
  const model = {
    get: (name) => state[name], set: (name, value) => { state[name] = value; }, save_changes() {},
    on() {}, off() {}, send() {}, widget_manager: {},
  };
  const start = performance.now();
  const module = await import(url);
  const widget = typeof module.default === "function" ? await module.default() : module.default;
  await (widget.render ?? module.render)({ model, el });
  const drawn = () => {
    for (const canvas of el.querySelectorAll("canvas")) {
      if (canvas.width < 300) continue;
      const context = canvas.getContext("2d");
      const { data } = context.getImageData(canvas.width / 4, canvas.height / 4, canvas.width / 2, canvas.height / 2);
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) return true;
    }
    return false;
  };
  while (!drawn()) {
    if (performance.now() - start > 60000) return null;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return performance.now() - start;
}
"""


def corpus_of(model: Any, n: int) -> Any:
    """N clips of a Gaussian cloud, all with the music of one tune: only how they lie matters here."""
    few = model.embed(mv.tunes.load("soldiers-joy"))
    many = few[np.zeros(n, np.int64)]
    mu = np.random.default_rng(0).standard_normal(many.mu.shape, np.float32)
    return replace(many, mu=mu, sigma=np.zeros_like(mu))


def ours(browser: Any, model: Any, n: int) -> dict[str, float]:
    """Milliseconds: first drawing, a frame while panning, a lasso until Python has it."""
    widget = mv.LatentScatter(model, corpus_of(model, n))
    page = BarePage(browser.new_context(viewport={"width": 1100, "height": 900}).new_page())
    start = time.perf_counter()
    root = page.show(widget)
    page.page.wait_for_function(
        "([e, n]) => e.dataset.painter === 'webgl' && e.dataset.drawn === n",
        arg=[root.element_handle(), str(n)],
        timeout=120_000,
    )
    first = time.perf_counter() - start
    box = root.locator(".mv-map-stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.evaluate(
        "() => { window.frames_ = []; let last = performance.now();"
        "const tick = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(tick); };"
        "requestAnimationFrame(tick); }"
    )
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    for k in range(40):
        page.page.mouse.move(x + 4 * k, y + k)
    page.page.mouse.up()
    frames = page.page.evaluate("() => window.frames_")
    start = time.perf_counter()
    page.page.keyboard.down("Shift")
    page.page.mouse.move(x - 150, y - 100)
    page.page.mouse.down()
    for dx, dy in ((150, -100), (150, 100), (-150, 100)):
        page.page.mouse.move(x + dx, y + dy)
    page.page.mouse.up()
    page.page.keyboard.up("Shift")
    while not len(widget.selected):
        page.page.wait_for_timeout(5)
        if time.perf_counter() - start > 60:
            raise RuntimeError("the lasso did not arrive")
    lasso = time.perf_counter() - start
    errors = page.errors
    page.close()
    if errors:
        raise RuntimeError(errors[0])
    return {"first drawing": 1000 * first, "frame while panning": statistics.median(frames), "lasso": 1000 * lasso}


def peer(browser: Any, python: str, n: int) -> dict[str, float]:
    """Milliseconds until jupyter-scatter has drawn; its data is in the page already."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "state.json"
        subprocess.run([python, "-c", PEER, str(n), str(out)], check=True, capture_output=True, text=True)
        told = json.loads(out.read_text())
    page = browser.new_context(viewport={"width": 1100, "height": 900}).new_page()
    page.goto("about:blank")
    took = page.evaluate(PEER_PAGE, told)
    page.context.close()
    return {} if took is None else {"first drawing": took}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--peer", help="a Python that has jupyter-scatter")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scatter.json"))
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    model = mv.load("melody-2bar", device="cpu")
    rows: list[dict[str, Any]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        for n in asked.sizes:
            runs = {"mvae_widgets": [ours(browser, model, n) for _ in range(asked.rounds)]}
            if asked.peer:
                try:
                    runs["jupyter-scatter"] = [peer(browser, asked.peer, n) for _ in range(asked.rounds)]
                except (subprocess.CalledProcessError, OSError, RuntimeError) as error:
                    print(f"jupyter-scatter at {n:,}: {getattr(error, 'stderr', '') or error}"[:500])
            for name, told in runs.items():
                for what in told[0]:
                    rows.append({"points": n, "with": name, "what": what, "ms": [round(run[what], 1) for run in told]})
        version = browser.version
        browser.close()
    print("| points | | | median ms |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['points']:,} | {row['with']} | {row['what']} | {statistics.median(row['ms']):,.0f} |")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    told = {"chromium": version, "webgl": "SwiftShader (software)", "machine": platform.machine(), "rows": rows}
    asked.out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
