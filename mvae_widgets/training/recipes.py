"""How the built-in weights are made, as plain data: one recipe a model and kind of hardware."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.training.dataset import Source

__all__ = ["HELD_OUT", "RECIPES", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """Everything that a training run needs to know, apart from where the data is.

    Parameters
    ----------
    config
        The network.
    sources
        The training data.
    steps, batch_size
        Updates, and clips in each.
    learning_rate, min_learning_rate, warmup, hold
        Adam's rate rises over `warmup` steps, stays until the share `hold` of the run, falls linearly.
    max_beta, beta_rate, free_bits
        Weight of the KL (MUSICVAE.md 3.1).
    sampling_schedule, sampling_rate
        Scheduled sampling (MUSICVAE.md 3.2).
    token_dropout
        Share of the decoder's inputs that are blanked, so that it leans on z (Bowman et al. 2016).
    transpose
        Largest transposition either way, in semitones.
    grad_clip
        Largest gradient norm.
    precision
        ``"bf16"`` or ``"float32"``.
    """

    config: ModelConfig
    sources: tuple[Source, ...]
    steps: int
    batch_size: int = 256
    learning_rate: float = 1.5e-3
    min_learning_rate: float = 3e-5
    warmup: int = 200
    hold: float = 0.4
    max_beta: float = 0.2
    beta_rate: float = 0.9995
    free_bits: float = 0.0
    sampling_schedule: str = "constant"
    sampling_rate: float = 0.0
    token_dropout: float = 0.2
    transpose: int = 5
    grad_clip: float = 1.0
    precision: str = "bf16"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


# Only sources whose licence lets weights be shipped. The quartets' inner voices are 42 % of all
# windows; the bass lines repeat a few patterns of each style: both are drawn less often.
_MELODIES = tuple(
    Source("melodies.npz", "steps", name, weight)
    for name, weight in {
        "airds": 1.0,
        "cre": 1.0,
        "lieder": 1.0,
        "oneills": 1.0,
        "quartets": 0.35,
        "ryans": 1.0,
    }.items()
)
_BASSES = tuple(
    Source("trio.npz", "bass", name, weight)
    for name, weight in {"freedoom": 2.0, "airds": 0.6, "oneills": 0.6, "ryans": 0.6}.items()
)
HELD_OUT = tuple(Source("melodies.npz", "steps", name) for name in ("pop909", "nottingham", "mit_irish"))
"""Collections that are measured on but never learnt from."""

RECIPES: dict[str, dict[str, Recipe]] = {
    "melody-2bar": {
        "cpu": Recipe(
            CONFIGS["melody-2bar"],
            _MELODIES + _BASSES,
            steps=17_000,
            learning_rate=1e-3,
            min_learning_rate=2e-5,
            max_beta=0.15,
            beta_rate=0.0,
        ),
        "gpu": Recipe(
            CONFIGS["melody-2bar"].with_sizes(128, (320,), (512, 512)),
            _MELODIES + _BASSES,
            steps=60_000,
            batch_size=512,
            learning_rate=1e-3,
            sampling_schedule="inverse_sigmoid",
            sampling_rate=2000,
        ),
    },
}
