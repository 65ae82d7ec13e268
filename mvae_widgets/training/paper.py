"""What the paper reports (Roberts et al. 2018, Table 1), as recalled in MUSICVAE.md 6.1: not checked with its text."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.nn.vae import VAE

__all__ = ["Figures", "figures_for", "parameters_of"]


@dataclass(frozen=True)
class Figures:
    """One line of the table and what stands behind it.

    Parameters
    ----------
    temperature_1, teacher_forced_sampled_z
        Shares of right steps on held-out data.
    config
        The configuration of Magenta's that comes nearest to the paper's model.
    clips
        Distinct clips that there were to learn from.
    updates
        Of 512 clips each.
    """

    temperature_1: float
    teacher_forced_sampled_z: float
    config: str
    clips: int
    updates: int


_SHORT, _LONG = 50_000, 100_000
_TABLE = {
    ("drums", 2, False): {"drums": Figures(0.917, 0.979, "cat-drums_2bar_big", 3_800_000, _SHORT)},
    ("melody", 2, False): {"melodies": Figures(0.951, 0.986, "cat-mel_2bar_big", 28_000_000, _SHORT)},
    ("melody", 16, True): {"melodies": Figures(0.812, 0.919, "hierdec-mel_16bar", 19_500_000, _LONG)},
    ("melody", 16, False): {"melodies": Figures(0.620, 0.883, "flat-mel_16bar", 19_500_000, _LONG)},
    ("trio", 16, True): {
        "melody": Figures(0.753, 0.848, "hierdec-trio_16bar", 9_400_000, _LONG),
        "bass": Figures(0.773, 0.880, "hierdec-trio_16bar", 9_400_000, _LONG),
        "drums": Figures(0.863, 0.912, "hierdec-trio_16bar", 9_400_000, _LONG),
    },
    ("trio", 16, False): {
        "melody": Figures(0.579, 0.796, "flat-trio_16bar", 9_400_000, _LONG),
        "bass": Figures(0.565, 0.829, "flat-trio_16bar", 9_400_000, _LONG),
        "drums": Figures(0.641, 0.903, "flat-trio_16bar", 9_400_000, _LONG),
    },
}


def figures_for(family: str, bars: int, hierarchical: bool) -> dict[str, Figures]:
    """The paper's figures for models of a kind, by group or part; none for kinds that it does not report."""
    return _TABLE.get((family, bars, hierarchical), {})


def parameters_of(config: str) -> int:
    """Numbers of a configuration's network, PyTorch's second LSTM biases left out; takes no memory."""
    with torch.device("meta"):
        network = VAE(CONFIGS[config])
    return sum(p.numel() for name, p in network.named_parameters() if ".bias_hh_" not in name)
