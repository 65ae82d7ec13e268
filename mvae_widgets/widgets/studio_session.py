"""What a session holds of each part of a Studio, and how the part takes it up again.

A part is not saved as it stands: what follows from its music is decoded again. So a session is small, and one of an
older package shows what the newer one makes of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mvae_widgets.corpus import Corpus
from mvae_widgets.export.session import Session
from mvae_widgets.music.clips import Clip
from mvae_widgets.music.library import note_seq
from mvae_widgets.widgets.base import MusicWidget
from mvae_widgets.widgets.codec import Codec
from mvae_widgets.widgets.knob_bench import Bench, Found
from mvae_widgets.widgets.routes import Waypoints
from mvae_widgets.widgets.studio_parts import Decoded, compared, prior
from mvae_widgets.widgets.studio_tray import Current, Desk, Kept

__all__ = ["corpus_in", "desk_in", "put_desk", "put_part", "take_part"]

Tree = dict[str, Any]
CLIP = ("track", "track_name", "program", "bar", "title", "qpm")


@dataclass(frozen=True)
class _Sounding:
    """Music as the map takes what is current."""

    sequence: Any
    qpm: float


def put_desk(session: Session, desk: Desk) -> Tree:
    """Tray, song and current clip."""
    return {
        "current": _current(session, desk.current),
        "before": _current(session, desk.before),
        "kept": [{**_current(session, clip), "id": clip.id} for clip in desk.kept],
        "arrangement": list(desk.order),
        "chosen": desk.chosen,
    }


def desk_in(session: Session, tree: Tree, model: Any) -> Desk:
    """The desk that `put_desk` put there."""
    kept = tuple(Kept(int(clip["id"]), **_current_in(session, clip, model)) for clip in tree["kept"])
    if len({clip.id for clip in kept}) < len(kept):
        raise ValueError("two kept clips have one id")
    current, before = (Current(**_current_in(session, tree[name], model)) for name in ("current", "before"))
    desk = Desk(current, before, kept, chosen=int(tree["chosen"]))
    return desk.arranged(tree["arrangement"])


def _current(session: Session, clip: Any) -> Tree:
    about = {"part": clip.part, "title": clip.title, "args": clip.args, "place": clip.place}
    taken = None if clip.clip is None else put_clip(session, clip.clip)
    return {**about, "music": session.put_music(clip.sequence), "z": session.put(clip.z), "clip": taken}


def _current_in(session: Session, tree: Tree, model: Any) -> dict[str, Any]:
    z = session.array(tree["z"])
    return {
        "part": str(tree["part"]),
        "title": str(tree["title"]),
        "args": dict(tree["args"]),
        "place": [float(x) for x in tree["place"]],
        "sequence": _music(session, tree["music"]),
        "z": None if z is None else _point(z, session),
        "clip": None if tree["clip"] is None else clip_in(session, tree["clip"], model),
    }


def _music(session: Session, name: str) -> Any:
    return note_seq().NoteSequence.FromString(session.music[name])


def _point(z: Any, session: Session) -> Any:
    if z.shape != (session.model["z_size"],) or not np.isfinite(z).all():
        raise ValueError(f"a latent vector of shape {z.shape} is none of this model")
    return z


def _points(session: Session, name: str, n: int) -> Any:
    z = session.arrays[name]
    if z.shape != (n, session.model["z_size"]) or not np.isfinite(z).all():
        raise ValueError(f"latent vectors of shape {z.shape} are not {n} of this model")
    return z


def put_clip(session: Session, clip: Clip) -> Tree:
    """A clip."""
    arrays = {name: session.put(getattr(clip, name)) for name in ("tokens", "chords", "keys")}
    return {name: getattr(clip, name) for name in CLIP} | arrays


def clip_in(session: Session, tree: Tree, model: Any) -> Clip:
    """The clip that `put_clip` put there."""
    kinds = (int, str, int, int, str, float)
    about = {name: kind(tree[name]) for name, kind in zip(CLIP, kinds, strict=True)}
    controls = {name: session.array(tree[name]) for name in ("chords", "keys")}
    return Clip(session.arrays[tree["tokens"]], model.converter, **about, **controls)  # type: ignore[arg-type]


def put_part(session: Session, name: str, part: MusicWidget) -> Tree:
    """What there is to be saved of a part."""
    return PUT[name](session, part)


def take_part(session: Session, name: str, part: MusicWidget, model: Codec, desk: Desk) -> None:
    """Let a part be what it was; anything may be raised where the session is damaged."""
    TAKE[name](session, session.tree["parts"][name], part, model, desk)


def _put_map(session: Session, part: Any) -> Tree:
    corpus: Corpus = part.corpus
    if isinstance(corpus.tokens, Decoded):
        drawn = {"z": session.put(corpus.mu), "qpm": float(corpus.columns["qpm"][0])}
    else:
        drawn = None
        with tempfile.TemporaryDirectory() as folder:
            session.corpus = corpus.save(Path(folder) / "corpus.npz").read_bytes()
    here = None
    if part.value is None and part.z is not None:
        here = {"music": session.put_music(part.sequence), "z": session.put(part.z), "title": part._here["title"]}
    looks = {name: getattr(part, name) for name in LOOKS}
    return {"prior": drawn, "here": here, "value": part.value, "selected": session.put(part.selected), **looks}


LOOKS = ("kind", "color", "groups", "neighbours", "sound", "tempo")


def corpus_in(session: Session, model: Any) -> Corpus | None:
    """The corpus of a session's map; None where there is no map."""
    tree = session.tree["parts"].get("map")
    if tree is None:
        return None
    if tree["prior"] is not None:
        z = session.arrays[tree["prior"]["z"]]
        return prior(model, _points(session, tree["prior"]["z"], len(z)), float(tree["prior"]["qpm"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.npz"
        path.write_bytes(session.corpus)
        return Corpus.read(path)


def _take_map(session: Session, tree: Tree, part: Any, model: Any, _desk: Desk) -> None:
    corpus = corpus_in(session, model)
    assert corpus is not None
    same = np.array_equal(corpus.mu, part.corpus.mu) and type(corpus.tokens) is type(part.corpus.tokens)
    if not same:
        part.corpus, part._norms = corpus, (corpus.mu**2).sum(1)
        part._places = np.asarray(model.place(corpus.mu)) if model.has_places and len(corpus) else None
        part._own, part._way = [], []
    part._ready = False
    try:
        for name in LOOKS:
            setattr(part, name, tree[name])
        part._project()
    finally:
        part._ready = True
    part.selected = session.arrays[tree["selected"]]
    if tree["value"] is not None:
        part.value = None
        part.value = tree["value"]
    elif tree["here"] is not None:
        here = tree["here"]
        music = _Sounding(_music(session, here["music"]), float(tree["tempo"]))
        part._stand(music, _point(session.arrays[here["z"]], session), str(here["title"]))
    part.tempo = tree["tempo"]


def _put_pad(session: Session, part: Any) -> Tree:
    clips = [put_clip(session, part._clips[cell]) for cell in part._corner_cells()]
    about = {name: getattr(part, name) for name in ("n", "tempo", "labels", "path")}
    return {**about, "clips": clips, "z": session.put(part._corners), "value": list(part.value)}


def _take_pad(session: Session, tree: Tree, part: Any, model: Any, _desk: Desk) -> None:
    clips = [clip_in(session, clip, model) for clip in tree["clips"]]
    with part.hold_sync():
        part.path, part.value = [], (0, 0)
        part.set_trait("n", int(tree["n"]))
        part.tempo = tree["tempo"]
        part._fill(clips, _points(session, tree["z"], 4), keep_labels=True)
        part.labels = tree["labels"]
        part.value, part.path, part._status = tuple(tree["value"]), tree["path"], {}
        part._go()


def _put_slider(session: Session, part: Any) -> Tree:
    ways: Waypoints = part._waypoints
    about = {name: getattr(part, name) for name in SLID}
    clips = [put_clip(session, clip) for clip in ways.clips]
    return {**about, "clips": clips, "z": session.put(ways.z), "qpm": ways.qpm, "steps": part.steps}


SLID = ("tempo", "labels", "space", "snap", "temperature", "seed", "value")


def _take_slider(session: Session, tree: Tree, part: Any, model: Any, _desk: Desk) -> None:
    clips = [clip_in(session, clip, model) for clip in tree["clips"]]
    z = _points(session, tree["z"], len(clips))
    waypoints = Waypoints(model, clips, int(tree["steps"]), float(tree["qpm"]), z)
    part._ready = False
    try:
        with part.hold_sync():
            part.set_trait("steps", int(tree["steps"]))
            for name in SLID:
                setattr(part, name, tree[name])
            part._take(waypoints)
            part._status = {}
            part._stand()
    finally:
        part._ready = True


def _put_knobs(session: Session, part: Any) -> Tree:
    bench: Bench = part._bench
    state, found = bench.state(), bench.found
    return {
        "names": list(part._names),
        "tempo": part.tempo,
        "clip": put_clip(session, bench.clip),
        "z": session.put(bench.z),
        "locked": list(state["locked"]),
        "asked": state["asked"],
        "stand": session.put(state["stand"]),
        "stand_asked": state["stand_asked"],
        "moves": {name: session.put(move) for name, move in state["moves"].items()},
        "found": None if found.clip is bench.clip else put_clip(session, found.clip),
        "there": session.put(found.z),
    }


def _take_knobs(session: Session, tree: Tree, part: Any, model: Any, _desk: Desk) -> None:
    names = [str(name) for name in tree["names"]]
    clip = clip_in(session, tree["clip"], model)
    z, stand, there = (_point(session.arrays[tree[key]], session) for key in ("z", "stand", "there"))
    bench = Bench(model, names, clip, z)
    found = clip if tree["found"] is None else clip_in(session, tree["found"], model)
    asked, stand_asked = ({name: float(tree[key][name]) for name in names} for key in ("asked", "stand_asked"))
    bench.resume(
        {
            "locked": [name for name in names if name in tree["locked"]],
            "asked": asked,
            "stand": stand,
            "stand_asked": stand_asked,
            "moves": {name: _point(session.arrays[key], session) for name, key in tree["moves"].items()},
            "found": Found(found, there, bench.measured(found)),
        }
    )
    part._names = names
    part.locked = bench.locked
    part._start(bench, False)
    part.tempo = tree["tempo"]


def _put_roll(_session: Session, part: Any) -> Tree:
    return {"edit": part.edit}


def _take_roll(_session: Session, tree: Tree, part: Any, _model: Any, desk: Desk) -> None:
    now = desk.current
    part.edit = tree["edit"]
    part.show(now.sequence, None if now.part == "roll" else now.z)


def _put_compare(_session: Session, part: Any) -> Tree:
    return {"value": part.value}


def _take_compare(_session: Session, tree: Tree, part: Any, _model: Any, desk: Desk) -> None:
    part._show(compared(desk.before, desk.current))
    part.value = int(tree["value"])


PUT: Mapping[str, Callable[[Session, Any], Tree]] = {
    "map": _put_map,
    "pad": _put_pad,
    "roll": _put_roll,
    "slider": _put_slider,
    "knobs": _put_knobs,
    "compare": _put_compare,
}
TAKE: Mapping[str, Callable[[Session, Tree, Any, Any, Desk], None]] = {
    "map": _take_map,
    "pad": _take_pad,
    "roll": _take_roll,
    "slider": _take_slider,
    "knobs": _take_knobs,
    "compare": _take_compare,
}
