"""Every configuration in a user's hands, with small random weights: the same few calls for all of them."""

from __future__ import annotations

from typing import Any

import note_seq
import numpy as np
import pytest
import torch
from note_seq import NoteSequence

import mvae_widgets as mv
from mvae_widgets.checkpoints.catalog import Bundle
from mvae_widgets.errors import ConfigError
from mvae_widgets.musicvae import MusicVAE
from mvae_widgets.nn.backend import BACKENDS
from mvae_widgets.nn.config import CONFIGS, OWN
from mvae_widgets.nn.vae import VAE

BARS = 32
TOLD_CHORDS = [n for n, c in CONFIGS.items() if "chord_encoding" in c.converter]


def small(name: str, backend: str = "torch") -> MusicVAE:
    """A model of this configuration with few units and lively random weights."""
    config = CONFIGS[name]
    config = config.with_sizes(8, (6,) * len(config.encoder_sizes), (10,) * len(config.decoder_sizes))
    noise = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    state = {
        key: tensor if "bias_hh" in key else tensor + 0.3 * torch.randn(tensor.shape, generator=noise)
        for key, tensor in VAE(config).state_dict().items()
    }
    weights = {key: tensor.numpy() for key, tensor in state.items()} if backend == "numpy" else state
    return MusicVAE(Bundle(name, config, weights, {}, None), "cpu", backend)


@pytest.fixture(scope="module")
def band() -> Any:
    """Melody, bass and drums over 32 bars of 4/4 at 120."""
    sequence = NoteSequence()
    sequence.tempos.add(qpm=120)
    for bar in range(BARS):
        for beat in range(4):
            at = 2.0 * bar + 0.5 * beat
            add = sequence.notes.add
            add(pitch=60 + bar * beat % 12, velocity=80, start_time=at, end_time=at + 0.4, instrument=0)
            add(pitch=36 + bar % 5, velocity=90, start_time=at, end_time=at + 0.5, instrument=1, program=33)
            late = at + 0.01 * beat
            drum = (36, 42, 38, 42)[beat]
            add(pitch=drum, velocity=100, start_time=late, end_time=late + 0.1, instrument=9, is_drum=True)
    sequence.total_time = 2.0 * BARS
    return sequence


def settings(model: MusicVAE, clip: Any) -> dict[str, Any]:
    """What decoding needs beside z."""
    if model.config.converter.get("hits_as_controls"):
        return {"hits": clip}
    return {"chords": ["C"]} if model.name in TOLD_CHORDS else {}


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_the_same_calls_for_every_family(band: Any, name: str) -> None:
    model = small(name)
    clips = model.clips(band)
    tracks = 2 if model.config.family == "melody" else 1
    assert len(clips) == tracks * BARS // model.config.bars
    posterior = model.encode(clips)
    assert posterior.mu.shape == (len(clips), 8)
    assert torch.isfinite(posterior.sigma).all()
    (back,) = model.reconstruct(clips[0])
    length = 2.0 * model.config.bars
    assert back.total_time == pytest.approx(length)
    more = settings(model, clips[0])
    samples = model.sample(4, temperature=1.0, seed=1, **more)
    assert [list(s.notes) for s in samples] == [list(s.notes) for s in model.sample(4, 1.0, seed=1, **more)]
    assert any(s.notes for s in samples)
    assert [len(model.clips(s)) for s in samples] == [1] * 4, "its own samples encode again"
    row = model.interpolate(clips[0], clips[-1], 3, **more)
    assert [s.total_time for s in row] == pytest.approx([length] * 3)


@pytest.mark.parametrize("name", sorted(set(CONFIGS) - set(TOLD_CHORDS)))
def test_chords_for_a_model_without_chords(name: str) -> None:
    model = small(name)
    with pytest.raises(ConfigError, match="chord"):
        model.decode(np.zeros(8), chords=["C", "F"])


@pytest.mark.parametrize("name", sorted(TOLD_CHORDS))
def test_chords_change_the_music_and_are_written_into_it(name: str) -> None:
    model = small(name)
    z = np.random.default_rng(0).normal(size=8)
    (plain,), (in_c,), (in_f,) = (model.decode(z, chords=c) for c in (None, ["C"], ["F#m"]))
    assert len({str([(n.pitch, n.start_time) for n in s.notes]) for s in (plain, in_c, in_f)}) == 3
    assert {a.text for a in in_f.text_annotations} == {"F#m"} or {a.text for a in in_f.text_annotations} == {"Gbm"}
    with pytest.raises(ConfigError, match="Hm7"):
        model.decode(z, chords=["Hm7"])


def test_hits_are_played_as_told(band: Any) -> None:
    model = small("groovae_2bar_hits_control_tfds")
    clip = model.clips(band)[0]
    with pytest.raises(ConfigError, match="hits="):
        model.decode(np.zeros(8))
    assert len(model.decode(np.zeros(8), hits=clip)) == 1
    with pytest.raises(ConfigError, match="plays no given hits"):
        small("melody-2bar").decode(np.zeros(8), hits=clip)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_groove_plays_the_hits_that_it_is_given(band: Any, backend: str) -> None:
    """Just those, with velocities and times of its own; without `keep_hits` what an untrained model remembers."""
    model = small("groovae_2bar_humanize", backend)
    clip = model.clips(band)[0]
    given = {
        (note.pitch, note.quantized_start_step) for note in note_seq.quantize_note_sequence(clip.sequence, 4).notes
    }

    def hits(sequence: Any) -> set[tuple[int, int]]:
        return {(n.pitch, n.quantized_start_step) for n in note_seq.quantize_note_sequence(sequence, 4).notes}

    (decoded,) = model.decode(np.zeros(8), hits=clip)
    assert hits(decoded) == given
    assert hits(model.humanize(band)[0]) == given
    assert hits(model.humanize(band, keep_hits=False)[0]) != given


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("humanize", "groovae_2bar_humanize"),
        ("tap_to_drums", "groovae_2bar_tap_fixed_velocity"),
        ("add_hihat", "groovae_2bar_add_closed_hh"),
    ],
)
def test_grooves(band: Any, method: str, name: str) -> None:
    out = getattr(small(name), method)(band)
    assert len(out) == BARS // 2
    assert all(note.is_drum for sequence in out for note in sequence.notes)
    for other in ("groovae_4bar", "melody-2bar"):
        with pytest.raises(ConfigError, match=f"magenta/{name}"):
            getattr(small(other), method)(band)


def test_five_tracks_for_a_trio() -> None:
    """What does not fit the three parts is refused by name, and the rest is taken."""
    sequence = NoteSequence()
    sequence.tempos.add(qpm=120)
    for instrument, (program, pitch) in enumerate([(0, 72), (33, 36), (24, 60), (48, 55), (0, 0)]):
        for beat in range(64):
            at = beat / 2
            sequence.notes.add(
                pitch=36 if instrument == 4 else pitch + beat % 5,
                velocity=80,
                start_time=at,
                end_time=at + 0.4,
                instrument=instrument,
                program=program,
                is_drum=instrument == 4,
            )
    sequence.total_time = 32
    clips = small("hierdec-trio_16bar").clips(sequence)
    assert len(clips) == 1
    assert len({refusal.track for refusal in clips.refused}) >= 1
    assert all(refusal.remedy for refusal in clips.refused)


def test_configs_are_listed() -> None:
    assert set(CONFIGS) == set(mv.configs())
    assert len(CONFIGS) - len(OWN) == 23


def test_rolls_and_sliders_take_every_kind(band: Any) -> None:
    for name in ("hierdec-trio_16bar", "hier-multiperf_vel_1bar_med", "groovae_2bar_humanize"):
        model = small(name)
        clips = model.clips(band)
        roll = mv.PianoRoll(clips[0], model)
        assert roll._status == {}
        slider = mv.InterpolationSlider(model, clips[0], clips[-1], steps=3)
        assert len(slider.sequences) == 3
        assert slider._repr_mimebundle_() is not None


@pytest.mark.parametrize("name", TOLD_CHORDS)
def test_what_is_decoded_under_no_chord_says_so(name: str) -> None:
    """So it is encoded again as it was decoded, and nobody looks for chords in it."""
    model = small(name)
    (clip,) = model.decode_clips(np.random.default_rng(1).normal(size=(1, 8)), 1.0, seed=2)
    assert clip.chords is not None
    assert {model.converter.rules.chord_encoding.decode(int(row)) for row in clip.chords} == {"N.C."}
    assert model.clips(clip)[0] is clip
    (again,) = model.clips(clip.sequence)
    np.testing.assert_array_equal(again.chords, clip.chords)
    (told,) = model.decode_clips(np.random.default_rng(1).normal(size=(1, 8)), 1.0, seed=2, chords=["N.C."])
    np.testing.assert_array_equal(told.tokens, clip.tokens)
