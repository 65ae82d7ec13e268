"""All families alike: settings of the published models, the way into clips, and what no input may do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvae_widgets.errors import ConfigError
from mvae_widgets.music.clips import Clip, as_clips, cut
from mvae_widgets.music.converter import ClipSpec
from mvae_widgets.music.families import FAMILIES, converter_for
from mvae_widgets.music.library import note_seq
from mvae_widgets.music.performance import Vocabulary
from mvae_widgets.nn.config import CONFIGS

CASES = {
    "melody": {},
    "melody chords": {"chord_encoding": "triad", "condition_on_key": True},
    "melody 16": {"slice_bars": 16},
    "drums": {},
    "drums nade": {"roll_output": True},
    "drums full": {"kit": "full", "roll_output": True},
    "trio": {},
    "trio chords": {"chord_encoding": "major_minor", "condition_on_key": True},
    "groove": {},
    "groove tap": {"tapify": True, "fixed_velocities": True},
    "groove hits": {"hits_as_controls": True, "slice_bars": 4},
    "multitrack": {},
    "multitrack chords": {"chord_encoding": "triad"},
}


def make(case: str):
    return converter_for(case.split()[0], **CASES[case])


@pytest.mark.parametrize("config", CONFIGS.values(), ids=lambda c: c.name)
def test_the_published_models_have_their_converters(config) -> None:
    converter = converter_for(config.family, **config.converter)
    widths = (converter.depth, converter.output_depth, converter.control_depth)
    assert widths == (config.depth, config.output_depth or config.depth, config.control_depth)
    spec = converter.clip_spec
    assert (spec.bars, spec.steps_per_quarter, spec.family) == (config.bars, config.steps_per_quarter, config.family)
    silent = cut(note_seq().NoteSequence(total_time=0.5), converter)
    x, _, _ = converter.inputs(silent[0].example)
    assert x.shape == (config.steps, config.depth)


def test_unknown_families_and_settings() -> None:
    assert {case.split()[0] for case in CASES} == set(FAMILIES)
    with pytest.raises(ConfigError, match="melody, drums, trio, groove, multitrack"):
        converter_for("polka")
    with pytest.raises(ConfigError, match="bars_of_gold"):
        converter_for("drums", bars_of_gold=2)
    with pytest.raises(ConfigError):
        converter_for("melody", slice_bars="two")
    with pytest.raises(ConfigError, match="Give the converter itself"):
        cut(note_seq().NoteSequence(), ClipSpec(family="drums"))


def outputs(converter, rng: np.random.Generator):
    """Random model outputs in the form of the decoder, thinner than noise."""
    family, spec = converter.clip_spec.family, converter.clip_spec
    if family == "melody":
        return np.eye(converter.output_depth)[_melody(rng, spec.steps)]
    if family == "drums":
        bits = rng.random((spec.steps, len(converter.kit))) < rng.choice([0.0, 0.02, 0.3])
        return bits if converter.roll_output else converter.one_hot(bits)
    if family == "trio":
        drums = np.where(rng.random(spec.steps) < 0.3, rng.integers(0, 512, spec.steps), 0)
        labels = np.stack([_melody(rng, spec.steps), _melody(rng, spec.steps), drums], axis=1)
        return np.concatenate([np.eye(w)[c] for w, c in zip((90, 90, 512), labels.T, strict=True)], axis=1)
    if family == "groove":
        hits = rng.random((spec.steps, 9)) < rng.choice([0.0, 0.02, 0.3])
        offsets = rng.uniform(-1, 1, hits.shape)
        offsets[0] = -abs(offsets[0])
        return np.concatenate([hits, rng.random(hits.shape), offsets], axis=1)
    words, labels = converter.vocabulary, []
    for _ in range(8):
        events = rng.integers(0, words.end, rng.integers(0, 45))
        labels.append(np.r_[words.program + rng.integers(0, 129), events, np.full(63 - len(events), words.end)])
    return np.eye(490)[np.concatenate(labels)]


def _melody(rng: np.random.Generator, steps: int):
    return rng.choice([0, 0, 0, 1, 2, 41, 45, 89] if rng.random() < 0.8 else [0, 1], steps)


def content(sequence) -> np.ndarray:
    """What is heard, whatever the tracks are numbered; velocities as a model knows them."""
    bins = Vocabulary()
    rows = [
        (n.program, n.is_drum, n.pitch, bins.bin_of(max(n.velocity, 1)), n.start_time, n.end_time)
        for n in sequence.notes
    ]
    return np.array(sorted(rows), float).reshape(-1, 6)


@pytest.mark.parametrize("case", CASES)
def test_what_a_model_writes_is_one_clip_with_the_same_content(case: str) -> None:
    converter = make(case)
    rng = np.random.default_rng(sum(map(ord, case)))
    for _ in range(2 if "chords" in case else 20):  # chord inference takes its time
        written, qpm = outputs(converter, rng), float(rng.choice([60.0, 93.7, 120.0]))
        clip = Clip(converter.tokens_from(written), converter, qpm=qpm)
        assert starts(clip.sequence) == starts(converter.to_sequence(written, qpm=qpm))
        clips = cut(clip.sequence, converter)
        assert len(clips) == 1
        assert not [refusal for refusal in clips.refused if refusal.notes]
        np.testing.assert_allclose(content(clips[0].sequence), content(clip.sequence), rtol=0, atol=1e-4)
        again = cut(clips[0].sequence, converter)[0]
        np.testing.assert_allclose(again.tokens, clips[0].tokens, rtol=0, atol=1e-4)
        x, controls, _ = converter.inputs(clips[0].example)
        assert x.shape[1] == converter.depth
        assert (controls is None) == (converter.control_depth == 0)
        assert controls is None or controls.shape == (len(x), converter.control_depth)


def starts(sequence):
    return [(n.program, n.is_drum, n.pitch, n.velocity, n.start_time) for n in sequence.notes]


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_music_makes_a_converter_fail(case: str, data) -> None:
    """Nothing but the documented error, from impossible numbers as well."""
    numbers = st.one_of(st.floats(-1, 20), st.sampled_from([0.0, math.nan, math.inf, -math.inf, 1e9, -1e9]))
    small = st.integers(-1, 200)
    note_seq_ = note_seq().NoteSequence
    sequence = note_seq_(total_time=data.draw(numbers))
    rows = st.tuples(small, small, numbers, numbers, st.integers(0, 3), small, st.booleans())
    for pitch, velocity, start, end, instrument, program, drum in data.draw(st.lists(rows, max_size=12)):
        sequence.notes.add(
            pitch=pitch, velocity=velocity, start_time=start, end_time=end, instrument=instrument, program=program,
            is_drum=drum,
        )  # fmt: skip
    for time, qpm in data.draw(st.lists(st.tuples(numbers, numbers), max_size=2)):
        sequence.tempos.add(time=time, qpm=qpm)
    for time, a, b in data.draw(st.lists(st.tuples(numbers, st.integers(0, 9), st.integers(0, 16)), max_size=2)):
        sequence.time_signatures.add(time=time, numerator=a, denominator=b)
    for time, text in data.draw(
        st.lists(st.tuples(numbers, st.sampled_from(["C", "Am7", "{x}", "Gsus4"])), max_size=2)
    ):
        sequence.text_annotations.add(time=time, text=text, annotation_type=note_seq_.TextAnnotation.CHORD_SYMBOL)
    for time, value in data.draw(st.lists(st.tuples(numbers, small), max_size=2)):
        sequence.control_changes.add(time=time, control_number=64, control_value=value)
        sequence.key_signatures.add(time=time, key=value % 12)
    converter = make(case)
    for example in converter.to_examples(sequence):
        converter.inputs(example)
        converter.to_sequence(converter.targets(example))
    for clip in cut(sequence, converter):
        converter.inputs(clip.example)
        repr(clip)
        assert clip.sequence.total_time > 0


@pytest.mark.parametrize("case", CASES)
def test_quantised_sequences(case: str, sequence_of) -> None:
    """Cutting takes them; upstream's way wants seconds and says so."""
    converter = make(case)
    quantised = note_seq().sequences_lib.quantize_note_sequence(
        sequence_of((36, 80, 0, 1, 0, 0, True), (60, 80, 0, 1, 1)), 4
    )
    assert len(cut(quantised, converter)) == 1
    if case.startswith("groove"):
        assert converter.to_examples(quantised) == []
    else:
        with pytest.raises(ConfigError, match="quantised already"):
            converter.to_examples(quantised)


BAND = [
    (72, 90, 0, 1, 0, 0), (76, 90, 1, 2, 0, 0), (60, 70, 0, 4, 1, 5), (40, 80, 0, 2, 2, 33), (41, 80, 2, 4, 3, 35),
    (67, 80, 2, 4, 4, 40), (36, 100, 0, 0.1, 9, 0, True), (38, 60, 1.01, 1.1, 9, 0, True), (3, 60, 2, 2.1, 9, 0, True),
]  # fmt: skip


def refused(clips) -> list[tuple[str, int, str]]:
    return [(r.track, r.bar, r.reason) for r in clips.refused]


def test_a_drum_model_takes_the_drums(sequence_of) -> None:
    clips = cut(sequence_of(*BAND), make("drums"))
    assert [(c.track, c.track_name, c.bar, c.onsets) for c in clips] == [(5, "Drums", 1, 2)]
    assert np.argwhere(clips[0].tokens).tolist() == [[0, 0], [8, 1]]
    words = {r.reason: r.remedy for r in clips.refused}
    assert words["2 notes that are not drums: the model hears drums"] == "use a melody model, or mark them as drums"
    assert ("Drums", 2, "1 note of drum 3, which the model does not know") in refused(clips)


def test_drums_of_several_tracks_are_heard_together(sequence_of) -> None:
    clips = cut(sequence_of((36, 80, 0, 1, 3, 0, True), (38, 80, 0, 1, 4, 0, True)), make("drums"))
    assert [(c.track_name, c.onsets) for c in clips] == [("Drums, Drums 2", 2)]


def test_a_groove_keeps_loudness_and_timing(sequence_of) -> None:
    clips = cut(sequence_of(*BAND, (36, 20, 0.03, 0.1, 9, 0, True)), make("groove"))
    (clip,) = clips
    assert clip.tokens.dtype == np.float32
    np.testing.assert_allclose(clip.tokens[0, [0, 9, 18]], [1, 100 / 127, 0], atol=1e-5)
    np.testing.assert_allclose(clip.tokens[8, [1, 10, 19]], [1, 60 / 127, -0.16], atol=1e-5)
    assert ("Drums", 1, "1 note in one step with a louder one of its drum") in refused(clips)
    back = clip.sequence.notes[1]
    assert (back.pitch, back.velocity, back.start_time) == (38, 60, pytest.approx(1.01))


def test_a_hit_before_its_bar_belongs_to_it(sequence_of) -> None:
    rows = [(36, 80, 0, 0.1, 9, 0, True), (36, 80, 3.98, 4.1, 9, 0, True)]
    clips = cut(sequence_of(*rows), make("groove"))
    assert [(c.bar, c.onsets) for c in clips] == [(1, 1), (3, 1)]
    assert clips[1].tokens[0, 18] == pytest.approx(0.32)


def test_a_trio_takes_three_parts(sequence_of) -> None:
    """Of five tracks and the drums it takes the fullest melody, the first bass, and the drums."""
    clips = cut(sequence_of(*BAND, (62, 80, 4, 5, 1, 5)), make("trio"))
    (clip,) = clips
    assert (clip.track, clip.track_name, clip.bars, clip.program) == (
        1, "Electric Piano 2, Electric Bass (finger), Drums", 16, 5,
    )  # fmt: skip
    assert clip.tokens.dtype == np.int16
    assert [r for _, _, r in refused(clips)] == [
        "2 notes of another melody: Electric Piano 2 is taken",
        "1 note of another bass: Electric Bass (finger) is taken",
        "1 note of program 40: the model hears a melody (0 to 31), a bass (32 to 39) and drums",
        "1 note of drum 3, which the model does not know",
    ]
    assert {(n.instrument, n.program) for n in clip.sequence.notes} == {(0, 5), (1, 33), (9, 0)}


def test_a_trio_with_a_part_missing_says_so(sequence_of) -> None:
    clips = cut(sequence_of((60, 80, 0, 1)), make("trio"))
    assert [(c.onsets, c.tokens[0].tolist()) for c in clips] == [(1, [41, 0, 0])]
    assert [str(r) for r in clips.refused] == [
        "all tracks, bar 1: the piece has no bass: that part is silent; give a track a program from 32 to 39",
        "all tracks, bar 1: the piece has no drums: that part is silent; give a track drums",
    ]


def test_multitrack_takes_eight_tracks_of_a_bar(sequence_of) -> None:
    rows = [(60 + i, 80, 0, 1, i, i) for i in range(9)] + [(61 + i, 80, 1, 2, i, i) for i in range(8)]
    clips = cut(sequence_of(*rows, (60, 80, 2, 5, 0, 0)), make("multitrack"))
    assert [(c.bar, c.bars, c.onsets) for c in clips] == [(1, 1, 16), (2, 1, 1)]
    assert clips[0].track_name == "Acoustic Grand Piano, Bright Acoustic Piano and 7 more"
    assert [r for _, _, r in refused(clips)] == ["1 note beyond 8 tracks in a bar", "1 clip without a note left out"]
    assert [(n.start_time, n.end_time) for n in clips[1].sequence.notes] == [(0, 2)]


def test_a_full_track_loses_its_last_notes_only(sequence_of) -> None:
    rows = [(40 + i, 80, i / 24, i / 24 + 0.03) for i in range(40)]
    clips = cut(sequence_of(*rows), make("multitrack"))
    (refusal,) = clips.refused
    assert refusal.reason.endswith("beyond the 62 events of a track in a bar")
    assert clips[0].onsets + len(refusal.notes) == 40
    assert min(n[2] for n in refusal.notes) == 40 + clips[0].onsets


def test_multitrack_equals_upstream_where_both_hear_the_piece(sequence_of) -> None:
    rng = np.random.default_rng(3)
    for _ in range(10):
        rows = [
            (int(rng.integers(30, 90)), int(rng.integers(1, 128)), *_span(rng), i, 10 * i, i == 2)
            for i in range(3) for _ in range(6)
        ]  # fmt: skip
        sequence = sequence_of(*rows)
        converter = make("multitrack")
        examples = converter.to_examples(sequence)
        clips = cut(sequence, converter)
        np.testing.assert_array_equal([c.tokens for c in clips], [e.tokens for e in examples])


def _span(rng: np.random.Generator) -> tuple[float, float]:
    start = rng.integers(0, 90) / 48
    return start, start + rng.integers(1, 40) / 48


@pytest.mark.parametrize("case", ["melody chords", "trio chords", "multitrack chords"])
def test_chords_come_from_the_piece_or_are_inferred(case: str, sequence_of) -> None:
    converter = make(case)
    triads = [(60, 64, 67), (65, 69, 72)]
    sequence = sequence_of(*((p, 80, i, i + 1) for i, triad in enumerate(triads) for p in triad))
    assert set(cut(sequence, converter)[0].chords) == ({0, 1, 6} if case.startswith("multi") else {1, 6})
    for time, text in [(0, "Am"), (1, "Gsus4")]:
        sequence.text_annotations.add(time=time, text=text, annotation_type=sequence.TextAnnotation.CHORD_SYMBOL)
    clips = cut(sequence, converter)
    assert set(clips[0].chords) == {0, 22}
    assert "The model has no class for the chord 'Gsus4'. It hears no chord" in [r for _, _, r in refused(clips)]
    controls = converter.inputs(clips[0].example)[1]
    np.testing.assert_array_equal(controls[0, :25].argmax(), clips[0].chords[0])


def test_chords_of_a_clip_go_with_it(sequence_of) -> None:
    converter = make("melody chords")
    sequence = sequence_of((60, 80, 0, 1), (62, 80, 5, 6))
    sequence.key_signatures.add(time=4.0, key=7)
    for time, text in [(0.02, "C"), (2, "Dm"), (4.5, "G/B")]:
        sequence.text_annotations.add(time=time, text=text, annotation_type=sequence.TextAnnotation.CHORD_SYMBOL)
    first, second = cut(sequence, converter)
    assert first.chords.tolist() == [1] * 16 + [15] * 16
    assert second.chords.tolist() == [15] * 4 + [8] * 28
    assert first.keys.tolist() == second.keys.tolist() == [7] * 32
    back = converter.to_sequence(first.tokens, chords=["Cmaj7", "F"], keys=first.keys)
    assert [(a.text, a.time) for a in back.text_annotations] == [("Cmaj7", 0), ("F", 2)]
    assert as_clips(first, converter)[0] is first
    assert as_clips(replace(first, chords=None), converter)[0].chords is not None


def test_a_clip_of_another_family_is_cut_again(sequence_of) -> None:
    melody, drums = make("melody"), make("drums")
    (clip,) = cut(sequence_of((36, 80, 0, 1, 9, 0, True)), drums)
    assert as_clips(clip, drums)[0] is clip
    assert len(as_clips(clip, melody)) == 0
    assert [c.onsets for c in as_clips([clip, clip], make("groove"))] == [1, 1]
    assert len(as_clips(clip, converter_for("drums", kit="roland"))[0].tokens) == 32


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_length_gives_nothing_instead_of_hanging(case: str, sequence_of) -> None:
    rows = [(60, 80, 0, 1e8, 0, 0), (40, 80, 0, 1e8, 1, 33), (36, 80, 1e8, 1e8, 9, 0, True)]
    assert make(case).to_examples(sequence_of(*rows)) == []
