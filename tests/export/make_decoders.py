"""Writes js/test/model/decoders.json: small random decoders, and what PyTorch makes of some z with them.

Run from the repository's root: ``.venv/bin/python -m tests.export.make_decoders``. The same bytes come out again.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mvae_widgets.checkpoints.bundles import Bundle
from mvae_widgets.musicvae import MusicVAE
from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.nn.decoder import shift
from mvae_widgets.nn.vae import VAE
from mvae_widgets.operations.page import pack_decoder
from mvae_widgets.widgets.base import score_of

FILE = Path(__file__).parents[2] / "js" / "test" / "model" / "decoders.json"
CLIPS = 3
UNITS = (7, 6)


def configs() -> dict[str, ModelConfig]:
    """Every kind of decoder and head, each small."""
    melody, drums = CONFIGS["melody-2bar"], CONFIGS["drums-2bar"]
    short = ModelConfig("parts", "trio", 1, 15, 5, (4,), UNITS, steps=8, parts=(5, 4, 6), head="multi")
    strokes, groove = (
        replace(CONFIGS[name], bars=1, steps=16, converter={"slice_bars": 1, "humanize": True})
        for name in ("groove-2bar-humanize", "groovae_2bar_humanize")
    )
    labels = replace(CONFIGS["cat-drums_2bar_small"], bars=1, steps=16)
    return {
        "melody": replace(melody, bars=2, steps=32),
        "drums, NADE": replace(drums, hidden=6),
        "drums, labels": replace(labels, converter=labels.converter | {"slice_bars": 1}),
        "groove": groove,
        "strokes": strokes,
        "melody under a conductor": replace(melody, decoder_levels=(2, 16)),
        "several classes a step": short,
        "decoders side by side under a conductor": replace(short, head="categorical", decoder_levels=(2, 4)),
        "bits": replace(short, head="boolean", parts=()),
    }


def lively(config: ModelConfig, half: bool) -> dict[str, torch.Tensor]:
    """Random weights that make a decoder wander."""
    noise = torch.Generator().manual_seed(1)
    state = {}
    for name, tensor in VAE(config).state_dict().items():
        drawn = 1.1 * torch.randn(tensor.shape, generator=noise)
        drawn = drawn.half().float() if half else drawn
        state[name] = torch.zeros_like(tensor) if "bias_hh" in name else drawn
    return state


def packed(array: Any) -> str:
    """Little-endian float32 as base64."""
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def case(name: str, config: ModelConfig, half: bool) -> dict[str, Any]:
    """One model and its answers."""
    config = config.with_sizes(5, (4,) * len(config.encoder_sizes), UNITS)
    state = lively(config, half)
    z = 2.5 * np.random.default_rng(2).standard_normal((CLIPS, 5)).astype(np.float32)
    network = VAE(config)
    network.load_state_dict(state)
    rows = network.eval().decode(torch.from_numpy(z))
    with torch.no_grad():
        numbers = network.decoder(torch.from_numpy(z), shift(rows))
    made = {"name": name, "z": z.tolist(), "rows": packed(rows), "numbers": packed(numbers), "speech": None}
    parcel = pack_decoder(config, state)
    if config.family != "trio":
        model = MusicVAE(Bundle(config.name, config, state, {}, None), torch.device("cpu"))
        told = model.page_decoder()
        assert told is not None
        clips = model.decode_clips(z, program=7)
        made["speech"] = told["speech"]
        made["notes"] = [packed(score_of(clip.sequence).notes) for clip in clips]
        made["got"] = {
            key: [None if np.isnan(x) else round(float(x), 9) for x in column]
            for key, column in model.measure(clips).items()
        }
        made["distance"] = float(model.distance(clips[0], clips[1]))
    made["parcel"] = {**parcel, "weights": base64.b64encode(parcel["weights"]).decode()}
    return made


def main() -> None:
    """Write the file."""
    made = [case(name, config, half=k != 1) for k, (name, config) in enumerate(configs().items())]
    FILE.write_text(json.dumps(made, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
