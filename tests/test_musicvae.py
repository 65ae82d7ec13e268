"""What a newcomer would try first."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest
import torch

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError, MusicVAEError, MusicVAEWarning, NothingToEncodeError


def notes(sequence: object) -> list[tuple[int, float, float]]:
    return [(n.pitch, n.start_time, n.end_time) for n in sequence.notes]  # type: ignore[attr-defined]


def test_encode_shapes_and_the_kinds_of_music(model: mv.MusicVAE, reel: object, air: object) -> None:
    clips = model.clips(reel)
    assert len(clips) == 2
    assert not clips.refused
    posterior = model.encode(clips)
    assert posterior.mu.shape == posterior.sigma.shape == (2, model.config.z_size)
    assert (posterior.sigma > 0).all()
    torch.testing.assert_close(model.encode(reel).mu, posterior.mu)
    torch.testing.assert_close(model.encode([reel, air]).mu[:2], posterior.mu, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model.encode(clips[1]).mu, posterior.mu[1:], atol=1e-5, rtol=1e-5)


def test_posterior_samples_are_spread_by_sigma(model: mv.MusicVAE, reel: object) -> None:
    posterior = model.encode(reel)
    assert torch.equal(posterior.sample(seed=1), posterior.sample(seed=1))
    assert not torch.equal(posterior.sample(seed=1), posterior.sample(seed=2))
    drawn = torch.stack([posterior.sample(seed=k) for k in range(400)])
    standard = (drawn - posterior.mu) / posterior.sigma
    assert abs(standard.mean().item()) < 0.02
    assert abs(standard.std().item() - 1) < 0.02


def test_reconstruction_of_real_tunes(model: mv.MusicVAE) -> None:
    """Nearly every onset of a tune that the model has not been told about comes back."""
    kept = total = 0
    for name in ("soldiers-joy", "devils-dream"):
        clips = model.clips(mv.tunes.load(name))
        for clip, back in zip(clips, model.reconstruct(clips), strict=True):
            want = {(p, round(s, 3)) for p, s, _ in notes(clip.sequence)}
            kept += len(want & {(p, round(s, 3)) for p, s, _ in notes(back)})
            total += len(want)
    assert kept / total > 0.9


def test_interpolation_begins_and_ends_at_the_reconstructions(model: mv.MusicVAE, reel: object, air: object) -> None:
    a, b = model.clips(reel)[0], model.clips(air)[0]
    row = model.interpolate(a, b, steps=5)
    assert len(row) == 5
    assert notes(row[0]) == notes(model.reconstruct(a)[0])
    same_tempo = [(p, round(s / 60 * a.qpm, 3)) for p, s, _ in notes(row[-1])]
    assert same_tempo == [(p, round(s / 60 * b.qpm, 3)) for p, s, _ in notes(model.reconstruct(b)[0])]
    assert {round(s.tempos[0].qpm) for s in row} == {round(a.qpm)}


def test_a_longer_piece_says_that_its_first_clip_is_used(model: mv.MusicVAE, reel: object, air: object) -> None:
    with pytest.warns(MusicVAEWarning, match="only bars 1-2") as told:
        model.interpolate(reel, air)
    assert len(told) == 2
    assert "Reel of the test" in str(told[0].message)
    assert told[0].filename == __file__


def test_equal_and_opposite_ends(model: mv.MusicVAE, reel: object) -> None:
    clip = model.clips(reel)[0]
    first, *others = model.interpolate(clip, clip, steps=3)
    assert all(notes(other) == notes(first) for other in others)


def test_seed_makes_the_same_music(model: mv.MusicVAE) -> None:
    once, again, other = (model.sample(8, seed=s) for s in (7, 7, 8))
    assert [notes(s) for s in once] == [notes(s) for s in again]
    assert [notes(s) for s in once] != [notes(s) for s in other]
    before = torch.random.get_rng_state()
    model.sample(2)
    assert torch.equal(before, torch.random.get_rng_state())


def test_own_samples_always_encode_again(model: mv.MusicVAE) -> None:
    """Also hot ones: silent bars at the start, lone note-offs, silence."""
    for temperature in (0.5, 1.0, 3.0):
        samples = model.sample(150, temperature=temperature, seed=1)
        clips = [model.clips(s) for s in samples]
        assert [len(c) for c in clips] == [1] * len(samples)
        assert not any(c.refused for c in clips)
        assert model.encode(samples).mu.shape == (150, model.config.z_size)


def test_silence_encodes(model: mv.MusicVAE) -> None:
    z = model.encode(model.sample(1, seed=0)).mu
    empty = model.decode(z)[0]
    del empty.notes[:]
    assert model.encode(empty).mu.shape == z.shape


def test_prior_samples_are_music(model: mv.MusicVAE) -> None:
    """A cheap form of what the model card measures on 2,000 samples."""
    counts = [len(s.notes) for s in model.sample(300, seed=2)]
    assert np.mean([c >= 3 for c in counts]) > 0.95
    assert 8 < np.mean(counts) < 14


@pytest.mark.parametrize(
    ("abc", "words"),
    [
        ("M:3/4\nL:1/4\nK:C\nCDE|EFG|GAB|c3|", "3/4"),
        ("M:4/4\nL:1/4\nK:C\nzzzz|", "no notes|no music|silence"),
    ],
)
def test_what_cannot_be_encoded_says_why(model: mv.MusicVAE, abc: str, words: str) -> None:
    piece = mv.read(f"X:1\nT:Odd\n{abc}\n")
    if not model.clips(piece):
        with pytest.raises(NothingToEncodeError, match=words):
            model.encode(piece)
    with pytest.raises(NothingToEncodeError, match="number 2 of 2"):
        model.encode([mv.tunes.load("soldiers-joy"), mv.read("X:1\nT:Odd\nM:3/4\nL:1/4\nK:C\nCDE|\n")])


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.decode(np.zeros(3)),
        lambda m: m.decode(np.zeros((0, m.config.z_size))),
        lambda m: m.decode("z"),
        lambda m: m.decode(np.full(m.config.z_size, np.nan)),
        lambda m: m.decode(np.zeros(m.config.z_size), temperature=0.0),
        lambda m: m.decode(np.zeros(m.config.z_size), temperature=float("nan")),
        lambda m: m.sample(0),
        lambda m: m.sample(2, temperature=-1.0),
        lambda m: m.encode(42),
        lambda m: m.encode([]),
        lambda m: m.interpolate(mv.tunes.load("soldiers-joy"), mv.tunes.load("soldiers-joy"), steps=1),
    ],
)
def test_wrong_arguments(model: mv.MusicVAE, call: object) -> None:
    warnings.simplefilter("ignore", MusicVAEWarning)
    with pytest.raises(MusicVAEError) as caught:
        call(model)  # type: ignore[operator]
    assert caught.value.message


def test_z_may_be_array_list_or_tensor(model: mv.MusicVAE) -> None:
    z = np.random.default_rng(0).normal(size=model.config.z_size)
    one = notes(model.decode(z)[0])
    assert notes(model.decode(list(z))[0]) == notes(model.decode(torch.tensor(z)[None])[0]) == one


def test_several_threads_at_once(model: mv.MusicVAE, reel: object) -> None:
    """A widget's message may run beside a cell."""
    expected = [notes(s) for s in model.sample(4, seed=3)], model.encode(reel).mu
    wrong: list[object] = []

    def work() -> None:
        for _ in range(5):
            got = [notes(s) for s in model.sample(4, seed=3)], model.encode(reel).mu
            if got[0] != expected[0] or not torch.allclose(got[1], expected[1], atol=1e-5):
                wrong.append(got)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_without_a_plane_there_are_no_places(model: mv.MusicVAE, fixtures: object) -> None:
    foreign = mv.load(fixtures / "families" / "cat-mel_2bar_small")  # type: ignore[operator]
    assert not foreign.has_places
    with pytest.raises(ConfigError, match="plane"):
        foreign.place(np.zeros(8))
