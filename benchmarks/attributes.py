"""What the attribute vectors of a melody model do, measured on the test split and on samples of the prior.

``python -m benchmarks.attributes --data DIR``: tables in Markdown; ``--json FILE`` keeps the numbers,
``--pictures FOLDER`` draws the matrices.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import mvae_widgets as mv
from benchmarks.decode import processor
from mvae_widgets.latent.attributes import STEP, AttributeVectors
from mvae_widgets.latent.effects import Effects
from mvae_widgets.music import features
from mvae_widgets.render.matrix import matrix_png, matrix_svg
from mvae_widgets.training.attributes import encode_tokens
from mvae_widgets.training.dataset import load_clips
from mvae_widgets.training.recipes import RECIPES

Array = np.ndarray[Any, Any]

DENSITY = "note_density"
ASKED_SHARE = 0.25
CONTOUR = 0.5
BAR_BEATS = 4
BATCH = 512


def decoded(model: mv.MusicVAE, z: Array) -> Array:
    """Tokens at points of latent space, likeliest event at every step."""
    points = torch.as_tensor(z, dtype=torch.float32)
    with torch.no_grad():
        return np.concatenate([model.network.decode(part).argmax(-1).numpy() for part in points.split(BATCH)])


def measured(tokens: Array) -> dict[str, Array]:
    """All attributes of tokens."""
    return {name: features.FEATURES[name](tokens) for name in features.ATTRIBUTES}


def beat_pitches(tokens: Array) -> Array:
    """The pitch that sounds, or sounded last, on each beat of each bar: ``[clips, bars, 4]``."""
    on = features.onsets(tokens)
    step = np.where(on, np.arange(on.shape[1]), -1)
    last = np.maximum.accumulate(step, axis=1)
    first = on.argmax(1)[:, None]
    pitch = np.take_along_axis(tokens.astype(float), np.where(last < 0, first, last), 1)
    return pitch[:, ::4].reshape(len(tokens), -1, BAR_BEATS)


def contour_kept(before: Array, after: Array) -> Array:
    """Whether each bar goes up and down as it did, ``[clips, bars]``.

    The pitches on the four beats correlate by 0.5 or more, or are level in both.
    """
    a, b = (line - line.mean(2, keepdims=True) for line in (beat_pitches(before), beat_pitches(after)))
    sizes = (a**2).sum(2), (b**2).sum(2)
    level = (sizes[0] == 0) & (sizes[1] == 0)
    r = (a * b).sum(2) / np.sqrt(np.maximum(sizes[0] * sizes[1], 1e-12))
    return level | (r >= CONTOUR)


def interval(hits: Array) -> tuple[float, float, float]:
    """Share of hits and its 95 % interval (Wilson 1927)."""
    n, share, z = len(hits), float(np.mean(hits)), 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return share, middle - half, middle + half


def moved(model: mv.MusicVAE, z: Array, amounts: dict[str, float], search: bool, **how: Any) -> Array:
    """Clips turned as `MusicVAE.shift` does it: points ``[n, z]``."""
    vectors = model.attributes
    if not search:
        return vectors.move(z, amounts, **how)
    ends = []
    for part in np.array_split(z, max(1, len(z) // 100)):
        places = vectors.walk(part, amounts, **how)
        heard = measured(decoded(model, places.reshape(-1, z.shape[1])))
        of_place = {name: value.reshape(places.shape[:2]) for name, value in heard.items()}
        chosen = vectors.choose(of_place, amounts, how.get("keep", ()))
        ends.append(places[np.arange(len(part)), chosen])
    return np.concatenate(ends)


def turned(model: mv.MusicVAE, z: Array, base: Array, ends: Array, sign: int) -> dict[str, Any]:
    """What became of density and contour."""
    tokens = decoded(model, ends)
    change = (features.note_density(tokens) - features.note_density(base)) * sign
    deviation = model.attributes.std[model.attributes.index(DENSITY)]
    kept = contour_kept(base, tokens)
    return {
        "moved": interval(change >= ASKED_SHARE * deviation),
        "change": float(change.mean() / deviation),
        "size": float(np.abs(change).mean() / deviation),
        "contour": interval(kept.ravel()),
        "length": float(np.linalg.norm(ends - z, axis=1).mean()),
    }


def density(model: mv.MusicVAE, z: Array, seed: int) -> list[dict[str, Any]]:
    """One standard step of note density both ways, beside random directions of the same lengths."""
    rng = np.random.default_rng(seed)
    base = decoded(model, z)
    other = base[rng.permutation(len(base))]
    rows = [{"what": "another clip instead", "contour": interval(contour_kept(base, other).ravel())}]
    for kind in model.attributes.kinds(DENSITY):
        for search in (True, False):
            for sign in (1, -1):
                ends = moved(model, z, {DENSITY: sign}, search, kind=kind)
                what = f"{sign:+d} step, {kind}, {'shift' if search else 'plain arithmetic'}"
                rows.append({"what": what, **turned(model, z, base, ends, sign)})
                if not search:
                    continue
                length = np.linalg.norm(ends - z, axis=1, keepdims=True)
                clips = z[rng.permutation(len(z))] - z[rng.permutation(len(z))]
                for random, toward in (("any", rng.normal(size=z.shape)), ("between two clips", clips)):
                    size = np.maximum(np.linalg.norm(toward, axis=1, keepdims=True), 1e-9)
                    row = turned(model, z, base, z + length * toward / size, sign)
                    rows.append({"what": f"random direction ({random}), as long", **row})
    whole = model.attributes.vectors[model.attributes.index(DENSITY)]
    for sign in (1, -1):
        rows.append({"what": f"{sign:+d} whole vector of the paper", **turned(model, z, base, z + sign * whole, sign)})
    return rows


def locking(model: mv.MusicVAE, z: Array) -> list[dict[str, Any]]:
    """How far other attributes drift, clip by clip, when density is turned by two steps."""
    vectors = model.attributes
    before = measured(decoded(model, z))
    others = [name for name in vectors.names if name != DENSITY]
    rows = []
    for keep in ((), ("mean_pitch",), ("mean_pitch", "c_diatonic", "repetition"), tuple(others)):
        for search in (False, True):
            drift: dict[str, list[Array]] = {name: [] for name in vectors.names}
            for sign in (1.0, -1.0):
                after = measured(decoded(model, moved(model, z, {DENSITY: 2 * sign}, search, keep=keep)))
                for name in vectors.names:
                    change = (after[name] - before[name]) / vectors.std[vectors.index(name)]
                    drift[name].append(change * sign if name == DENSITY else np.abs(change))
            means = {name: float(np.nanmean(np.concatenate(change))) for name, change in drift.items()}
            rows.append({"keep": list(keep), "search": search, **means})
    return rows


def matrices(model: mv.MusicVAE, samples: int, seed: int) -> dict[str, Effects]:
    """The paper's matrix three ways."""
    how: dict[str, dict[str, Any]] = {
        "paper": {"amount": None},
        "steps": {"amount": 2.0},
        "locked": {"amount": 2.0, "lock": True},
    }
    return {name: model.evaluate_attributes(samples, seed=seed, **settings) for name, settings in how.items()}


def words(names: tuple[str, ...]) -> list[str]:
    """Names as they are written."""
    return [name.replace("_", " ").replace("c diatonic", "C diatonic") for name in names]


WORDS = {
    "paper": "The whole vectors of the paper, added and subtracted",
    "steps": "Two standard steps of each attribute",
    "locked": "Two standard steps of each attribute, all others locked",
}


def share(value: tuple[float, float, float]) -> str:
    """A share with its interval, in per cent."""
    middle, low, high = (100 * x for x in value)
    return f"{middle:.1f} % ({low:.1f} to {high:.1f})"


def print_density(rows: list[dict[str, Any]], clips: int) -> None:
    """The table of density."""
    print(f"\nNote density, {clips:,} clips; 95 % intervals\n")
    print("| turn | moved a quarter deviation | mean change, deviations | bars whose contour is kept | length |")
    print("|---|--:|--:|--:|--:|")
    for row in rows:
        if "moved" in row:
            cells = [share(row["moved"]), f"{row['change']:+.2f}", share(row["contour"]), f"{row['length']:.2f}"]
        else:
            cells = ["", "", share(row["contour"]), ""]
        print(f"| {row['what']} | " + " | ".join(cells) + " |")


def print_locking(rows: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    """The table of locking."""
    print("\nNote density turned by two steps: change of density as asked, mean size of the drift of the others,")
    print("in deviations\n")
    print("| kept | how | " + " | ".join(words(names)) + " |")
    print("|---|---|" + "--:|" * len(names))
    for row in rows:
        kept = "all others" if len(row["keep"]) > 3 else ", ".join(row["keep"]).replace("_", " ") or "none"
        how = "shift" if row["search"] else "plain"
        print(f"| {kept} | {how} | " + " | ".join(f"{row[name]:.2f}" for name in names) + " |")


def print_matrix(title: str, effects: Effects) -> None:
    """A matrix in per cent."""
    change, margin = effects.percent
    names = words(effects.names)
    print(f"\n{title}: change in per cent of the mean, {effects.samples:,} samples; rows are vectors\n")
    print("| | " + " | ".join(names) + " |")
    print("|---|" + "--:|" * len(names))
    for name, row, off in zip(names, change, margin, strict=True):
        print(f"| {name} | " + " | ".join(f"{c:+.0f} ± {m:.0f}" for c, m in zip(row, off, strict=True)) + " |")


def draw(folder: Path, effects: dict[str, Effects]) -> None:
    """The matrices as ``attributes.svg`` and ``.png``, and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, matrix in effects.items():
        names = words(matrix.names)
        change, margin = matrix.percent
        subtitle = f"Per cent of the mean, {matrix.samples:,} samples of the prior, 95 % intervals. Rows are vectors."
        settings = {"title": WORDS[name], "subtitle": subtitle}
        stem = "attributes" if name == "paper" else f"attributes-{name}"
        (folder / f"{stem}.svg").write_text(matrix_svg(names, names, change, margin, **settings), encoding="utf-8")
        (folder / f"{stem}.png").write_bytes(matrix_png(names, names, change, margin, **settings))


def as_json(vectors: AttributeVectors, effects: dict[str, Effects]) -> dict[str, Any]:
    """The matrices as numbers."""
    return {
        "names": list(vectors.names),
        "probe_r2": vectors.fit.tolist(),
        "std": vectors.std.tolist(),
        **{
            name: {"percent": matrix.percent[0].tolist(), "margin": matrix.percent[1].tolist()}
            for name, matrix in effects.items()
        },
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the prepared files")
    parser.add_argument("--model", default="melody-2bar")
    parser.add_argument("--split", default="test", choices=("valid", "test"))
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    started = time.perf_counter()
    model = mv.load(options.model, device="cpu")
    recipe = next(iter(RECIPES[model.config.name].values()))
    tokens, _ = load_clips(options.data, recipe.sources, options.split, model.config.steps)
    chosen = np.random.default_rng(options.seed).permutation(len(tokens))[: options.clips]
    z = encode_tokens(model.network, tokens[chosen]).astype(np.float64)
    rows = density(model, z, options.seed)
    print(f"{options.model}, {options.split} split. A standard step asks for {STEP:g} deviations.")
    print_density(rows, len(z))
    kept = locking(model, z[:500])
    print_locking(kept, model.attributes.names)
    effects = matrices(model, options.samples, options.seed)
    for name, matrix in effects.items():
        print_matrix(WORDS[name], matrix)
    took = time.perf_counter() - started
    print(f"\n{took:.0f} s, {torch.get_num_threads()} thread(s) of {processor()}, PyTorch {torch.__version__}")
    if options.json:
        numbers = {"density": rows, "locking": kept, "matrices": as_json(model.attributes, effects)}
        options.json.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    if options.pictures:
        draw(options.pictures, effects)


if __name__ == "__main__":
    main()
