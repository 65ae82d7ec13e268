"""One of each widget, as a user makes it; what all widgets must stand is tested on all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import mvae_widgets as mv

Maker = Callable[[Any, list[Any]], Any]

WIDGETS: dict[str, Maker] = {
    "piano_roll": lambda model, clips: mv.PianoRoll(clips[0], model),
    "piano_roll_editor": lambda model, clips: mv.PianoRoll(clips[0], model, edit=True),
    "interpolation_slider": lambda model, clips: mv.InterpolationSlider(model, clips[0], clips[1]),
    "interpolation_pad": lambda model, clips: mv.InterpolationPad(model, clips[:4]),
    "attribute_knobs": lambda model, clips: mv.AttributeKnobs(model, clips[0]),
    "latent_scatter": lambda model, clips: mv.LatentScatter(model, prior(model)),
    "compare": lambda model, clips: mv.Compare.reconstruction(model, clips[0]),
    "compare_routes": lambda model, clips: mv.Compare.routes(model, clips[0], clips[1]),
    "studio": lambda model, clips: mv.Studio(model, clips[:4], prior(model)),
}
# Where the music is, and the keyboard.
MAIN = {
    "piano_roll": ".mv-stage",
    "piano_roll_editor": ".mv-stage",
    "interpolation_slider": ".mv-slider",
    "interpolation_pad": ".mv-pad-square",
    "attribute_knobs": ".mv-knob",
    "latent_scatter": ".mv-map-stage",
    "compare": ".mv-stage",
    "compare_routes": ".mv-cell",
    "studio": "[data-part=roll] .mv-stage",
}


@cache
def prior(model: Any) -> Any:
    """What a map shows where it is given nothing; decoding it takes seconds."""
    return mv.LatentScatter(model).corpus


def bundled_clips(model: Any) -> list[Any]:
    """The first clip of each bundled tune."""
    return [model.clips(mv.read(mv.tunes.path(name)))[0] for name in mv.tunes.names()]
