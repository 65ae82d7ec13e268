"""MusicVAE in the notebook.

Names are loaded when first used: importing the package loads neither torch nor note_seq nor bokeh.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mvae_widgets.errors import MusicVAEError, MusicVAEWarning

if TYPE_CHECKING:
    from mvae_widgets.checkpoints.catalog import models
    from mvae_widgets.corpus import Corpus
    from mvae_widgets.music import beats, tunes
    from mvae_widgets.music.clips import Clip, Clips, fold_into_range
    from mvae_widgets.music.ensembles import ensemble
    from mvae_widgets.music.io import read, write
    from mvae_widgets.musicvae import MusicVAE, load
    from mvae_widgets.nn.config import configs
    from mvae_widgets.notebook import load_ipython_extension, unload_ipython_extension
    from mvae_widgets.operations.posterior import Posterior
    from mvae_widgets.render.audio import to_wav
    from mvae_widgets.widgets.attribute_knobs import AttributeKnobs
    from mvae_widgets.widgets.compare import Compare
    from mvae_widgets.widgets.interpolation_pad import InterpolationPad
    from mvae_widgets.widgets.interpolation_slider import InterpolationSlider
    from mvae_widgets.widgets.language import set_language
    from mvae_widgets.widgets.latent_scatter import LatentScatter
    from mvae_widgets.widgets.links import link
    from mvae_widgets.widgets.piano_roll import PianoRoll
    from mvae_widgets.widgets.playing import play_together, use_soundfont
    from mvae_widgets.widgets.studio import Studio

__version__ = "0.1.0"

_HOMES = {
    "AttributeKnobs": "widgets.attribute_knobs",
    "Clip": "music.clips",
    "Clips": "music.clips",
    "Compare": "widgets.compare",
    "Corpus": "corpus",
    "InterpolationPad": "widgets.interpolation_pad",
    "InterpolationSlider": "widgets.interpolation_slider",
    "LatentScatter": "widgets.latent_scatter",
    "MusicVAE": "musicvae",
    "PianoRoll": "widgets.piano_roll",
    "Posterior": "operations.posterior",
    "Studio": "widgets.studio",
    "beats": "music.beats",
    "configs": "nn.config",
    "ensemble": "music.ensembles",
    "fold_into_range": "music.clips",
    "link": "widgets.links",
    "load": "musicvae",
    "load_ipython_extension": "notebook",
    "models": "checkpoints.catalog",
    "play_together": "widgets.playing",
    "read": "music.io",
    "set_language": "widgets.language",
    "to_wav": "render.audio",
    "tunes": "music.tunes",
    "unload_ipython_extension": "notebook",
    "use_soundfont": "widgets.playing",
    "write": "music.io",
}

__all__ = [
    "AttributeKnobs",
    "Clip",
    "Clips",
    "Compare",
    "Corpus",
    "InterpolationPad",
    "InterpolationSlider",
    "LatentScatter",
    "MusicVAE",
    "MusicVAEError",
    "MusicVAEWarning",
    "PianoRoll",
    "Posterior",
    "Studio",
    "beats",
    "configs",
    "ensemble",
    "fold_into_range",
    "link",
    "load",
    "load_ipython_extension",
    "models",
    "play_together",
    "read",
    "set_language",
    "to_wav",
    "tunes",
    "unload_ipython_extension",
    "use_soundfont",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    value = module if _HOMES[name].endswith(f".{name}") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
