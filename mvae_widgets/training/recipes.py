"""How the built-in weights are made, as plain data: one recipe a model and kind of hardware."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.training.dataset import Source

__all__ = ["HELD_OUT", "LANGUAGE_RECIPES", "RECIPES", "LanguageRecipe", "Recipe", "recipe_for"]


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
    start
        Name of a model whose weights it starts from, as far as they fit (`grow.take_over`); none if empty.
    delay_lines
        Whether the upper level begins as a memory (`upper.lay_delay_lines`).
    fill_prior
        Whether the codes are brought to lie as the prior does in the end (`fill.fill_prior`).
    learning_rate, min_learning_rate, warmup, hold
        Adam's rate rises over `warmup` steps, stays until the share `hold` of the run, falls linearly.
    variational
        False for a plain autoencoder: z is mu, nothing is drawn, and the KL costs nothing.
    max_beta, beta_rate, free_bits
        Weight of the KL (MUSICVAE.md 3.1).
    sampling_schedule, sampling_rate
        Scheduled sampling (MUSICVAE.md 3.2).
    token_dropout
        Share of the decoder's inputs that are blanked, so that it leans on z (Bowman et al. 2016).
    transpose
        Largest transposition either way, in semitones.
    cross
        Drums: share of the clips that get some of their drums from another clip.
    loudness
        Grooves: how much louder or softer a clip may be played, as a share.
    grad_clip
        Largest gradient norm.
    validate_every, patience
        Updates between two looks at the validation clips, 0 for none; and how many looks may bring no new
        best before the run ends, 0 for all. The best weights are kept.
    precision
        ``"bf16"`` or ``"float32"``.
    """

    config: ModelConfig
    sources: tuple[Source, ...]
    steps: int
    batch_size: int = 256
    start: str = ""
    delay_lines: bool = False
    fill_prior: bool = False
    learning_rate: float = 1.5e-3
    min_learning_rate: float = 3e-5
    warmup: int = 200
    hold: float = 0.4
    variational: bool = True
    max_beta: float = 0.2
    beta_rate: float = 0.9995
    free_bits: float = 0.0
    sampling_schedule: str = "constant"
    sampling_rate: float = 0.0
    token_dropout: float = 0.2
    transpose: int = 5
    cross: float = 0.0
    loudness: float = 0.0
    grad_clip: float = 1.0
    validate_every: int = 0
    patience: int = 0
    precision: str = "bf16"

    def of_sizes(self, z_size: int, encoder_sizes: tuple[int, ...], decoder_sizes: tuple[int, ...]) -> Recipe:
        """The same for a network of other sizes."""
        return replace(self, config=self.config.with_sizes(z_size, encoder_sizes, decoder_sizes))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


@dataclass(frozen=True)
class LanguageRecipe:
    """Everything that the training of a language model needs to know, apart from where the data is.

    Parameters
    ----------
    name
        Of the model.
    sources
        The training data.
    steps
        Updates, at most.
    tokens
        Steps of music in each update.
    bars
        Lengths of the windows, taken in turn: short ones as it is mostly asked about, long ones so that it
        stays sure of itself in longer clips.
    depth, sizes, dropout
        Shape of the network.
    learning_rate, min_learning_rate, warmup, hold
        Adam's rate rises over `warmup` steps, stays until the share `hold` of the run, falls linearly.
    transpose
        Largest transposition either way, in semitones.
    grad_clip
        Largest gradient norm.
    validate_every, patience
        Updates between two looks at the validation clips, and how many of those may bring no new best
        before the run ends. The best weights are kept.
    precision
        ``"bf16"`` or ``"float32"``.
    """

    name: str
    sources: tuple[Source, ...]
    steps: int
    tokens: int = 8192
    bars: tuple[int, ...] = (2, 8)
    depth: int = 90
    sizes: tuple[int, ...] = (192, 192)
    dropout: float = 0.2
    learning_rate: float = 3e-3
    min_learning_rate: float = 5e-5
    warmup: int = 200
    hold: float = 0.3
    transpose: int = 5
    grad_clip: float = 1.0
    validate_every: int = 250
    patience: int = 8
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
# Of one collection, the Groove MIDI Dataset.
_DRUMS = (Source("drums.npz", "drums", "gmd"),)
_GROOVES = (Source("drums.npz", "groove", "gmd"),)
_TRIOS = tuple(
    Source("trio.npz", "trio", name, weight)
    for name, weight in {"freedoom": 4.0, "airds": 1.0, "oneills": 1.0, "ryans": 1.0}.items()
)
HELD_OUT = tuple(Source("melodies.npz", "steps", name) for name in ("pop909", "nottingham", "mit_irish"))
"""Collections that are measured on but never learnt from."""

_DRUM_MODEL = Recipe(
    CONFIGS["drums-2bar"],
    _DRUMS,
    steps=30_000,
    batch_size=128,
    fill_prior=True,
    learning_rate=2e-3,
    min_learning_rate=5e-5,
    max_beta=0.1,
    beta_rate=0.999,
    free_bits=48.0,
    token_dropout=0.3,
    transpose=0,
    cross=0.5,
    validate_every=500,
    patience=20,
)
_GROOVE_MODEL = replace(
    _DRUM_MODEL,
    config=CONFIGS["groove-2bar-humanize"],
    sources=_GROOVES,
    steps=7_000,
    cross=0.0,
    loudness=0.15,
    validate_every=250,
    patience=8,
)
_LONG_MELODY = Recipe(
    CONFIGS["melody-16bar"],
    _MELODIES,
    steps=15_500,
    batch_size=32,
    start="melody-2bar",
    delay_lines=True,
    fill_prior=True,
    learning_rate=4e-4,
    beta_rate=0.0,
    free_bits=256.0,
    validate_every=500,
    patience=12,
)
# Nothing shorter is of its decoder's sizes, or has its kind of latent space: these begin at random.
_RANDOM_START = replace(_LONG_MELODY, start="", learning_rate=1e-3, beta_rate=0.9995)
_FLAT_MELODY = replace(_RANDOM_START, config=CONFIGS["melody-16bar-flat"], steps=8_000)
# Begins as a melody-2bar for the melody and another for the bass, side by side.
_TRIO_MODEL = replace(_LONG_MELODY, config=CONFIGS["trio-16bar"], sources=_TRIOS, steps=8_600, batch_size=16)
_TAP_MODEL = replace(_GROOVE_MODEL, config=CONFIGS["groove-2bar-tap"])
_MULTITRACK_MODEL = replace(
    _RANDOM_START,
    config=CONFIGS["multitrack-1bar"],
    steps=10_500,
    sources=tuple(replace(source, file="multitrack.npz", voice="multitrack") for source in _TRIOS),
    free_bits=96.0,
    transpose=3,
)
_SHORT_MELODY = {
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
}

RECIPES: dict[str, dict[str, Recipe]] = {
    "melody-2bar": _SHORT_MELODY,
    # The same network without the variational loss: what its latent space lacks is what that loss is for. It is as
    # exact as the other after a third of the updates.
    "melody-2bar-ae": {
        kind: replace(
            recipe,
            config=replace(recipe.config, name="melody-2bar-ae"),
            steps=recipe.steps * 6 // 17,
            variational=False,
            max_beta=0.0,
        )
        for kind, recipe in _SHORT_MELODY.items()
    },
    "drums-2bar": {
        "cpu": _DRUM_MODEL,
        "gpu": replace(_DRUM_MODEL.of_sizes(256, (384,), (512, 512)), steps=30_000, batch_size=512, patience=12),
    },
    "groove-2bar-humanize": {
        "cpu": _GROOVE_MODEL,
        "gpu": replace(_GROOVE_MODEL.of_sizes(128, (384,), (256, 256)), steps=20_000, batch_size=512, patience=12),
    },
    "groove-2bar-tap": {
        "cpu": _TAP_MODEL,
        "gpu": replace(_TAP_MODEL.of_sizes(128, (384,), (256, 256)), steps=20_000, batch_size=512, patience=12),
    },
    "melody-16bar": {
        "cpu": _LONG_MELODY,
        "gpu": replace(_RANDOM_START.of_sizes(384, (512,), (512, 512)), steps=60_000, batch_size=256),
    },
    "melody-16bar-flat": {
        "cpu": _FLAT_MELODY,
        "gpu": replace(_FLAT_MELODY.of_sizes(384, (512,), (752, 752)), steps=60_000, batch_size=256),
    },
    "trio-16bar": {
        "cpu": _TRIO_MODEL,
        "gpu": replace(
            _RANDOM_START,
            config=_TRIO_MODEL.config.with_sizes(384, (512,), (512, 512)),
            sources=_TRIOS,
            steps=60_000,
            batch_size=256,
        ),
    },
    "multitrack-1bar": {
        "cpu": _MULTITRACK_MODEL,
        "gpu": replace(_MULTITRACK_MODEL.of_sizes(256, (512,), (512, 512)), steps=60_000, batch_size=256),
    },
}
"""By model, and by the hardware that it is for."""


def recipe_for(config: ModelConfig, kind: str) -> Recipe:
    """The recipe of the model most alike, for another network: to go on with a model that has none of its own.

    Parameters
    ----------
    config
        The network.
    kind
        ``"cpu"`` or ``"gpu"``.

    Raises
    ------
    ConfigError
        If there is no recipe of that kind for the family.
    """

    def unlike(recipe: Recipe) -> tuple[bool, int, bool, bool]:
        other = recipe.config
        taps = config.converter.get("tapify", False) != other.converter.get("tapify", False)
        levels = bool(config.decoder_levels) != bool(other.decoder_levels)
        return config.name != other.name, abs(config.bars - other.bars), taps, levels

    alike = [r[kind] for r in RECIPES.values() if kind in r and r[kind].config.family == config.family]
    if not alike:
        raise ConfigError(f"There is no {kind} recipe for {config.family}.", "There are cpu and gpu.")
    return replace(min(alike, key=unlike), config=config)


LANGUAGE_RECIPES = {"melody-lm": LanguageRecipe("melody-lm", _MELODIES + _BASSES, steps=7000)}
"""Of language models: one recipe for every device."""
