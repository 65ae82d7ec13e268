"""``config.json`` of a magenta.js checkpoint -> our configuration (MUSICVAE.md 7.2)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mvae_widgets.checkpoints.infer import Structure
from mvae_widgets.errors import CheckpointError
from mvae_widgets.nn.config import ModelConfig

__all__ = ["described", "read_description"]

CHORDS = {
    "MajorMinorChordEncoder": ("major_minor", 25),
    "TriadChordEncoder": ("triad", 49),
}
KEYS = 12
_ASK = "Name the configuration, or fetch the checkpoint again."


def read_description(folder: Path) -> dict[str, Any] | None:
    """What ``config.json`` says; None where there is none.

    Raises
    ------
    CheckpointError
        If it is not one of a MusicVAE.
    """
    path = folder / "config.json"
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["type"] != "MusicVAE":
            raise CheckpointError(f"{path} describes a {data['type']}, not a MusicVAE.", "Is it the right folder?")
        str(data["dataConverter"]["type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is not the description of a MusicVAE: {error!r}.", _ASK) from error
    return dict(data)


def described(description: dict[str, Any], structure: Structure, folder: Path) -> ModelConfig:
    """The configuration that a ``config.json`` describes, all sizes still 0.

    Parameters
    ----------
    description
        From `read_description`.
    structure
        Of the tensors, which settle what the description may leave open: controls and hierarchy.
    folder
        Where it lies; its name becomes the configuration's.

    Raises
    ------
    CheckpointError
        If it contradicts the tensors, or asks for a converter that no published checkpoint has.
    """
    where = folder / "config.json"
    kind, args = description["dataConverter"]["type"], dict(description["dataConverter"].get("args") or {})
    if kind not in _CONVERTERS:
        raise CheckpointError(f"{where} asks for a {kind}.", f"Known: {', '.join(_CONVERTERS)}.")
    try:
        music = _CONVERTERS[kind](args)
    except KeyError as error:
        raise CheckpointError(f"{where} leaves out {error} of its {kind}.", _ASK) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{where} cannot be understood: {error}.", _ASK) from error
    steps = music["steps"]
    hierarchical = "hierarchical" in (structure.encoder, structure.decoder)
    segments = int(args.get("numSegments") or 0)
    if hierarchical != bool(segments) or (segments and steps % segments):
        raise CheckpointError(f"{where} speaks of {segments or 'no'} segments, the tensors are {structure}.", _ASK)
    if structure.depth != music["depth"] or sum(structure.outputs) != music["output_depth"]:
        raise CheckpointError(
            f"{where} speaks of steps of {music['depth']} and {music['output_depth']}, the tensors are {structure}.",
            _ASK,
        )
    music["converter"] = {
        **music["converter"],
        "steps_per_quarter": music["steps_per_quarter"],
        **_controls(description, structure, where, music),
    }
    head, parts = music.pop("head", "categorical"), music.pop("parts", ())
    if description.get("useBooleanDecoder"):
        head = "boolean"
    if len(parts) > 1 and len(structure.outputs) == 1:
        head = "multi"
    return ModelConfig(
        folder.absolute().name,
        z_size=0,
        encoder_sizes=(),
        decoder_sizes=(),
        control_depth=structure.control_depth,
        encoder_levels=(steps // segments, segments) if structure.encoder == "hierarchical" else (),
        decoder_levels=(segments, steps // segments) if structure.decoder == "hierarchical" else (),
        head="nade" if structure.nade else head,
        parts=parts if len(parts) > 1 else (),
        **music,
    )


def _controls(description: dict[str, Any], structure: Structure, where: Path, music: dict[str, Any]) -> dict[str, Any]:
    """The converter's arguments for controls; the tensors have the last word."""
    converter: dict[str, Any] = {}
    depth = sum(int(control["depth"]) for control in description.get("extraControls") or [])
    if music["family"] == "groove":
        # Controls of a split groove: its hit, if asked for, and which of the instruments it is.
        split = music["converter"].get("split_instruments")
        plain, hits = (9, 1) if split else (0, music["depth"] // 3)
        depth = structure.control_depth if structure.control_depth in (plain, plain + hits) else depth
        if depth == plain + hits:
            converter["hits_as_controls"] = True
    if description.get("conditionOnKey"):
        converter["condition_on_key"] = True
        depth += KEYS
    encoder = description.get("chordEncoder")
    if encoder is not None and encoder not in CHORDS:
        raise CheckpointError(f"{where} asks for the unknown chord encoder {encoder}.", f"Known: {', '.join(CHORDS)}.")
    for name, (encoding, classes) in CHORDS.items():
        if encoder == name or (encoder is None and structure.control_depth == depth + classes):
            converter["chord_encoding"] = encoding
            depth += classes
            break
    if depth != structure.control_depth:
        raise CheckpointError(f"{where} speaks of {depth} controls, the tensors have {structure.control_depth}.", _ASK)
    return converter


def _bars(args: dict[str, Any], grid: int = 4) -> dict[str, Any]:
    steps, per_quarter = int(args["numSteps"]), int(args.get("stepsPerQuarter") or grid)
    bars = steps // (4 * per_quarter)
    if bars < 1 or bars * 4 * per_quarter != steps:
        raise ValueError(f"{steps} steps are no whole bars of 4 quarters")
    return {"bars": bars, "steps_per_quarter": per_quarter, "steps": steps}


def _pitches(args: dict[str, Any]) -> int:
    return int(args["maxPitch"]) - int(args["minPitch"]) + 1


def _melody(args: dict[str, Any]) -> dict[str, Any]:
    depth, shape = _pitches(args) + 2, _bars(args)
    converter = {"slice_bars": shape["bars"], "min_pitch": int(args["minPitch"]), "max_pitch": int(args["maxPitch"])}
    return {"family": "melody", "depth": depth, "output_depth": depth, "converter": converter, **shape}


def _drum_classes(args: dict[str, Any]) -> int:
    return len(args.get("pitchClasses") or range(9))


def _drums(args: dict[str, Any], **converter: Any) -> dict[str, Any]:
    classes, shape = _drum_classes(args), _bars(args)
    converter = {"slice_bars": shape["bars"], **converter}
    if args.get("pitchClasses"):
        converter["kit"] = args["pitchClasses"]
    depth = classes + 1 if converter.get("roll_input") else 2**classes
    output_depth = classes if converter.get("roll_output") else 2**classes
    return {"family": "drums", "depth": depth, "output_depth": output_depth, "converter": converter, **shape}


def _trio(args: dict[str, Any]) -> dict[str, Any]:
    for part in ("melArgs", "bassArgs"):
        _must(args.get(part) or {}, minPitch=21, maxPitch=108)
    shape, classes = _bars(args), _drum_classes(args.get("drumsArgs") or {})
    parts = (90, 90, 2**classes)
    depth = sum(parts)
    converter = {"slice_bars": shape["bars"]}
    return {"family": "trio", "depth": depth, "output_depth": depth, "parts": parts, "converter": converter, **shape}


def _multitrack(args: dict[str, Any]) -> dict[str, Any]:
    per_quarter, total = int(args["stepsPerQuarter"]), int(args["totalSteps"])
    _must(args, minPitch=0, maxPitch=127, totalSteps=4 * per_quarter)
    bins = int(args["numVelocityBins"])
    depth = 2 * 128 + total + bins + 129 + 1
    return {
        "family": "multitrack",
        "bars": 1,
        "steps_per_quarter": per_quarter,
        "steps": int(args["numSteps"]),
        "depth": depth,
        "output_depth": depth,
        "converter": {"velocity_bins": bins},
    }


def _must(args: dict[str, Any], **values: int) -> None:
    """Refuse settings that no published checkpoint has and no converter here knows."""
    for name, value in values.items():
        if int(args.get(name, value)) != value:
            raise ValueError(f"{name} is {args[name]}, which must be {value}")


def _groove(args: dict[str, Any]) -> dict[str, Any]:
    shape, classes = _bars(args), _drum_classes(args)
    converter: dict[str, Any] = {"slice_bars": shape["bars"]}
    if args.get("humanize"):
        converter["humanize"] = True
    if args.get("tapify"):
        # The page's converter always takes the velocities away as well.
        converter |= {"tapify": True, "fixed_velocities": True}
    if args.get("splitInstruments"):
        converter["split_instruments"] = True
        shape["steps"] *= classes
    depth = 3 if args.get("splitInstruments") else 3 * classes
    return {
        "family": "groove",
        "depth": depth,
        "output_depth": depth,
        "head": "groove",
        "converter": converter,
        **shape,
    }


_CONVERTERS = {
    "MelodyConverter": _melody,
    "DrumsConverter": lambda args: _drums(args, roll_input=True),
    "DrumRollConverter": lambda args: _drums(args, roll_input=True, roll_output=True),
    "DrumsOneHotConverter": _drums,
    "TrioConverter": _trio,
    "MultitrackConverter": _multitrack,
    "GrooveConverter": _groove,
}
