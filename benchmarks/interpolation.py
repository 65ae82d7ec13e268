"""Two routes from one clip to another: through data space and through latent space, as in the paper's figure.

``python -m benchmarks.interpolation --data DIR`` takes pairs of clips of the test split, walks both ways in 11
steps, and measures at each how many steps of music differ from either end and what the language model makes of
it. Writes a table (Markdown), all numbers (JSON) and a picture (SVG, PNG), and prints the table.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch

import mvae_widgets as mv
from benchmarks.decode import processor
from mvae_widgets.latent.interpolate import path
from mvae_widgets.music import dataspace, features
from mvae_widgets.music.clips import Clip, Clips
from mvae_widgets.render.drawing import Drawing, Line, Rect
from mvae_widgets.render.raster import to_png
from mvae_widgets.render.svg import to_svg
from mvae_widgets.training.dataset import load_clips
from mvae_widgets.training.recipes import RECIPES

Array = np.ndarray[Any, Any]

STEPS = 11
RESAMPLES = 1000
ROUTES = {"data": "data space", "latent": "latent space", "drawn": "latent space, drawn"}


def pairs_of(model: mv.MusicVAE, data: Path, n: int, seed: int) -> tuple[Array, Array]:
    """2n distinct test clips, drawn as the training draws its own: ``[n, steps]`` twice."""
    recipe = RECIPES[model.name]["cpu"]
    tokens, weights = load_clips(data, recipe.sources, "test", model.config.steps)
    chosen = np.random.default_rng(seed).choice(len(tokens), 2 * n, replace=False, p=weights / weights.sum())
    return tokens[chosen[:n]], tokens[chosen[n:]]


def routes(model: mv.MusicVAE, a: Array, b: Array, seed: int) -> dict[str, Array]:
    """Tokens ``[pairs, STEPS, steps]`` of each way."""
    alphas = np.linspace(0.0, 1.0, STEPS)
    seeds = np.random.default_rng(seed).integers(0, 2**31, len(a))
    mixed = np.stack([dataspace.mix(x, y, alphas, int(k)) for x, y, k in zip(a, b, seeds, strict=True)])
    mu, _ = model.encode(Clips([Clip(row, model.converter) for row in np.concatenate([a, b])])).numpy()
    z = np.concatenate([path(x, y, STEPS) for x, y in zip(mu[: len(a)], mu[len(a) :], strict=True)])

    def decoded(temperature: float | None) -> Array:
        clips = model.decode_clips(z, temperature, seed)
        return np.stack([clip.tokens for clip in clips]).reshape(mixed.shape)

    return {"data": mixed, "latent": decoded(None), "drawn": decoded(1.0)}


def interval(values: Array) -> dict[str, list[float]]:
    """Mean over the pairs (first axis) and half the width of its 95 % interval."""
    half = 1.96 * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return {"mean": values.mean(axis=0).tolist(), "half": half.tolist()}


def ratio(values: Array, reference: Array, seed: int) -> dict[str, list[float]]:
    """Ratio of two means over the pairs, and half the width of its 95 % interval by resampling pairs."""
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), RESAMPLES)
    low, high = np.percentile((times @ values) / (times @ reference), [2.5, 97.5], axis=0)
    return {
        "mean": (values.mean(axis=0) / reference.mean(axis=0)).tolist(),
        "half": ((high - low) / 2).tolist(),
    }


def measure(model: mv.MusicVAE, a: Array, b: Array, ways: dict[str, Array], seed: int) -> dict[str, Any]:
    """What the figure shows, for every way and every step of it.

    ``to_a`` and ``to_b``: share of steps that differ from the original ends (``to_own_a``, ``to_own_b``: from the
    way's own ends, which on the latent way are reconstructions). ``bits``: cost a step. ``relative``: mean cost over
    the mean of ``(1 - alpha) cost(A) + alpha cost(B)``, the ends being the originals. ``onsets``: notes a step, since
    a tune that falls silent would be cheap as well.
    """
    alphas = np.linspace(0.0, 1.0, STEPS)

    def cost(tokens: Array) -> Array:
        flat = tokens.reshape(-1, tokens.shape[-1])
        return model.cost(Clips([Clip(row, model.converter) for row in flat])).reshape(tokens.shape[:-1])

    of_a, of_b = cost(a), cost(b)
    reference = (1 - alphas) * of_a[:, None] + alphas * of_b[:, None]
    found: dict[str, Any] = {
        "alphas": alphas.tolist(),
        "ends": {"a": interval(of_a), "b": interval(of_b), "apart": interval((a != b).mean(axis=1))},
        "routes": {},
    }
    bits = {name: cost(tokens) for name, tokens in ways.items()}
    for name, tokens in ways.items():
        found["routes"][name] = {
            "to_a": interval((tokens != a[:, None]).mean(axis=2)),
            "to_b": interval((tokens != b[:, None]).mean(axis=2)),
            "to_own_a": interval((tokens != tokens[:, :1]).mean(axis=2)),
            "to_own_b": interval((tokens != tokens[:, -1:]).mean(axis=2)),
            "bits": interval(bits[name]),
            "relative": ratio(bits[name], reference, seed),
            "onsets": interval(features.onsets(tokens.reshape(-1, tokens.shape[-1])).mean(1).reshape(tokens.shape[:2])),
        }
    middle = STEPS // 2
    found["middle"] = {
        name: {
            "saves_bits": interval(bits["data"][:, middle] - bits[name][:, middle]),
            "cheaper_pairs": float((bits[name][:, middle] < bits["data"][:, middle]).mean()),
        }
        for name in ("latent", "drawn")
    }
    return found


def markdown(found: dict[str, Any]) -> str:
    """The table, with what it was measured on."""
    head = ["alpha"]
    for name in ("data", "latent"):
        head += [f"{ROUTES[name]}: differs from A", "from B", "bits a step", "relative cost"]
    head.append(f"{ROUTES['drawn']} at temperature 1: relative cost")
    lines = [head, ["---", *["--:"] * (len(head) - 1)]]
    for k, alpha in enumerate(found["alphas"]):

        def cell(name: str, key: str, digits: int = 2, k: int = k) -> str:
            value = found["routes"][name][key]
            return f"{value['mean'][k]:.{digits}f} ± {value['half'][k]:.{digits}f}"

        row = [f"{alpha:.1f}"]
        for name in ("data", "latent"):
            row += [cell(name, key, 3 if key[:2] == "to" else 2) for key in ("to_a", "to_b", "bits", "relative")]
        lines.append([*row, cell("drawn", "relative")])
    middle = [
        f"{ROUTES[name]} costs {m['saves_bits']['mean']:.2f} ± {m['saves_bits']['half']:.2f} bits a step less than "
        f"data space, and less in {100 * m['cheaper_pairs']:.1f} % of the pairs"
        for name, m in found["middle"].items()
    ]
    notes = ", ".join(f"{found['routes'][n]['onsets']['mean'][STEPS // 2]:.2f} in {ROUTES[n]}" for n in ROUTES)
    return "\n".join(
        [
            f"{found['model']}, {found['pairs']:,} pairs of test clips that differ in "
            f"{found['ends']['apart']['mean']:.3f} of their steps; seed {found['seed']}; {found['machine']}.",
            "± is the 95 % interval over pairs.",
            "",
            *("| " + " | ".join(line) + " |" for line in lines),
            "",
            f"In the middle {'; '.join(middle)}. Notes a step there: {notes}.",
        ]
    )


def picture(found: dict[str, Any], theme: Any = "light") -> Drawing:
    """Distance to both ends, and relative cost, along the ways."""
    drawing = Drawing(760, 316, theme, "Two routes from A to B", "Distance to the ends, and cost, along both routes")
    ink = {"data": drawing.tokens["signal"], "latent": drawing.tokens["focus"], "drawn": drawing.tokens["ink3"]}
    drawing.add(Rect(0, 0, drawing.width, drawing.height, drawing.tokens["paper"], 8))
    top = max(max(found["routes"][name]["relative"]["mean"]) for name in ROUTES)
    for x, title, keys, highest, unit in (
        (52.0, "Share of steps that differ from A (falling: from B)", ("to_a", "to_b"), 1.0, 0.25),
        (426.0, "Cost under the language model, ends = 1", ("relative",), np.ceil(top * 2) / 2, 0.5),
    ):
        axes(drawing, x, title, highest, unit)
        for name in reversed(ROUTES):
            for key in keys:
                curve(drawing, x, found["alphas"], found["routes"][name][key], highest, ink[name])
    x = 52.0
    for name, words in ROUTES.items():
        drawing.add(Line(x, 296, x + 22, 296, ink[name], 2.5, round_ends=True))
        drawing.write(x + 30, 300, words, size=12, colour="ink")
        x += 50 + 7.2 * len(words)
    return drawing


LEFT_TO_RIGHT, TOP, FLOOR = 300.0, 44.0, 244.0


def axes(drawing: Drawing, x: float, title: str, highest: float, unit: float) -> None:
    """Title, grid and numbers of one of the two plots."""
    drawing.write(x, 26, title, size=12, weight=600, colour="ink")
    for value in np.arange(0, highest + unit / 2, unit):
        y = FLOOR - (FLOOR - TOP) * value / highest
        drawing.add(Line(x, y, x + LEFT_TO_RIGHT, y, drawing.tokens["bar" if value == 0 else "grid"]))
        drawing.write(x - 8, y + 4, f"{value:g}", anchor="end")
    for alpha in (0.0, 0.5, 1.0):
        drawing.write(
            x + LEFT_TO_RIGHT * alpha, FLOOR + 18, {0: "A", 1: "B"}.get(int(2 * alpha) / 2, "0.5"), anchor="middle"
        )


def curve(
    drawing: Drawing, x: float, alphas: list[float], values: dict[str, list[float]], highest: float, colour: str
) -> None:
    """One line through the means, a stroke for the interval of each."""
    at = [x + LEFT_TO_RIGHT * alpha for alpha in alphas]
    scale = (FLOOR - TOP) / highest
    y = [FLOOR - scale * value for value in values["mean"]]
    for k, half in enumerate(values["half"]):
        drawing.add(Line(at[k], y[k] - scale * half, at[k], y[k] + scale * half, colour, 5, alpha=0.3))
        if k:
            drawing.add(Line(at[k - 1], y[k - 1], at[k], y[k], colour, 2, round_ends=True))


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared npz files")
    parser.add_argument("--model", default="melody-2bar", help="a built-in melody model")
    parser.add_argument("--pairs", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/interpolation"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = mv.load(options.model, device="cpu")
    a, b = pairs_of(model, options.data, options.pairs, options.seed)
    found = {
        "model": model.name,
        "pairs": len(a),
        "seed": options.seed,
        "machine": f"{processor()}, {options.threads} thread(s), PyTorch {torch.__version__}, {platform.system()}",
        **measure(model, a, b, routes(model, a, b, options.seed), options.seed),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "interpolation.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (options.out / "interpolation.md").write_text(markdown(found) + "\n", encoding="utf-8")
    for theme in ("light", "dark"):
        drawing = picture(found, theme)
        (options.out / f"two-routes-{theme}.svg").write_text(to_svg(drawing), encoding="utf-8")
        (options.out / f"two-routes-{theme}.png").write_bytes(to_png(drawing))
    print(markdown(found))


if __name__ == "__main__":
    main()
