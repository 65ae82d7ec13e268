"""How well maps, constraints and palettes do on melody-2bar: ``python -m benchmarks.maps`` prints it.

Needs no data: the corpus is samples of the model's own prior, the palette's clips are a bundled tune.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import mvae_widgets as mv
from benchmarks.decode import processor

CLIPS, DRAWN = 1500, 300
DENSITY = (0.4, 0.6)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """A result, and the seconds that it took."""
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def main() -> None:
    """Print one line a claim."""
    torch.set_num_threads(1)
    model = mv.load("melody-2bar", device="cpu")
    corpus, seconds = timed(lambda: model.embed(model.sample(CLIPS, temperature=1.0, seed=0)))
    print(f"{processor()}, one thread\n{len(corpus)} samples drawn and embedded: {seconds:.1f} s")
    rng = np.random.default_rng(0)
    prior = rng.normal(size=(DRAWN, model.config.z_size))

    plane, xy = model.map(corpus, "plane"), rng.normal(size=(DRAWN, 2))
    heard = model.measure(model.decode_clips(plane.inverse(xy)))
    for axis, name in ((0, "note_density"), (1, "mean_pitch")):
        known = np.isfinite(heard[name])
        r = np.corrcoef(xy[known, axis], heard[name][known])[0, 1]
        print(f"random places of the plane: correlation of {'xy'[axis]} with the decoded {name}: {r:.2f}")

    constraints, seconds = timed(lambda: model.constrain(corpus, {"note_density": DENSITY}, seed=0))
    shares = []
    for z in (constraints.sample(DRAWN, seed=1), prior):
        density = model.measure(model.decode_clips(z))["note_density"]
        shares.append(((density >= DENSITY[0]) & (density <= DENSITY[1])).mean())
    print(f"latent constraints, density {DENSITY}, trained in {seconds:.0f} s: {shares[0]:.2f} (prior {shares[1]:.2f})")

    own = model.clips(mv.tunes.load("soldiers-joy"))
    palette, seconds = timed(lambda: model.midime(own, seed=0))
    mu = model.encode(own).numpy()[0]
    near = [np.linalg.norm(z[:, None] - mu[None], axis=2).min(1).mean() for z in (palette.sample(DRAWN, 1), prior)]
    print(f"MidiMe on {len(own)} clips, {seconds:.1f} s: distance to the nearest {near[0]:.1f} (prior {near[1]:.1f})")


if __name__ == "__main__":
    main()
