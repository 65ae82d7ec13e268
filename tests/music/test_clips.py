"""What a user's music becomes, rule by rule, and the model's own output again."""

from __future__ import annotations

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.music import tunes
from mvae_widgets.music.clips import Clip, Clips, as_clips, cut, fold_into_range
from mvae_widgets.music.converter import ClipSpec
from mvae_widgets.music.labels import notes_from_labels
from mvae_widgets.music.library import note_seq
from mvae_widgets.music.melody import MelodyConverter
from mvae_widgets.music.score import from_sequence


def placed(clip: Clip) -> dict[int, int]:
    """Step -> pitch of the onsets."""
    return {int(i): int(clip.tokens[i]) + 19 for i in np.flatnonzero(clip.tokens > 1)}


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 3).flatmap(
        lambda i: st.tuples(
            st.just([1, 2, 4, 16][i]),
            st.lists(
                st.sampled_from([0, 0, 0, 1, 2, 41, 45, 89]),
                min_size=16 * [1, 2, 4, 16][i],
                max_size=16 * [1, 2, 4, 16][i],
            ),
        )
    ),
    st.sampled_from([120.0, 90.0, 93.7, 208.0]),
)
def test_what_a_model_emits_encodes_again(clip, qpm: float) -> None:
    """Leading rests, leading note-offs, silence: one clip, the same notes in the same place."""
    bars, labels = clip
    spec = ClipSpec(bars)
    sequence = MelodyConverter(slice_bars=bars).to_sequence(labels, qpm=qpm)
    clips = cut(sequence, spec)
    assert len(clips) == 1
    assert not clips.refused
    expected = notes_from_labels(np.array(labels), 21)
    np.testing.assert_array_equal(notes_from_labels(clips[0].tokens, 21), expected)
    assert (clips[0].tokens.shape, clips[0].bar, clips[0].qpm) == ((spec.steps,), 1, pytest.approx(qpm))
    again = cut(clips[0].sequence, spec)
    np.testing.assert_array_equal(again[0].tokens, clips[0].tokens)


def test_leading_bars_are_kept_where_upstream_drops_them(sequence_of) -> None:
    """magenta#1944."""
    sequence = sequence_of((60, 80, 2.5, 3))
    assert placed(cut(sequence)[0]) == {20: 60}
    assert MelodyConverter().to_tokens(sequence) == []


def test_the_teapot(sequence_of) -> None:
    """MUSICVAE.md 8.10: steps of 16ths."""
    notes = [
        (69, 0, 2),
        (71, 2, 4),
        (73, 4, 6),
        (74, 6, 8),
        (76, 8, 10),
        (81, 12, 16),
        (78, 16, 20),
        (81, 20, 24),
        (76, 24, 32),
    ]
    clips = cut(sequence_of(*((p, 80, a / 8, b / 8) for p, a, b in notes)))
    assert len(clips) == 1
    assert placed(clips[0]) == {a: p for p, a, _ in notes}
    assert np.flatnonzero(clips[0].tokens == 1).tolist() == [10]


def test_windows_follow_each_other_and_the_last_is_filled_up(sequence_of) -> None:
    clips = cut(sequence_of(*((60 + i, 80, 2 * i, 2 * i + 2) for i in range(5))))
    assert [(c.bar, c.bars, c.onsets) for c in clips] == [(1, 2, 2), (3, 2, 2), (5, 2, 1)]
    assert placed(clips[2]) == {0: 64}
    assert clips[2].tokens[16] == 1


def test_a_held_note_belongs_to_the_window_of_its_onset(sequence_of) -> None:
    clips = cut(sequence_of((60, 80, 3, 6), (62, 80, 7, 8)))
    assert [placed(c) for c in clips] == [{24: 60}, {24: 62}]
    assert 1 not in clips[0].tokens
    assert clips[1].tokens[:24].tolist() == [0] * 24


def test_tempo_changes_do_not_matter(sequence_of) -> None:
    steady = cut(sequence_of(*((60 + i, 80, i, i + 1) for i in range(8)), qpm=60))
    rows = [(60 + i, 80, i, i + 1) for i in range(4)] + [(64 + i, 80, 4 + i / 2, 4.5 + i / 2) for i in range(4)]
    changing = cut(sequence_of(*rows, tempos=((0, 60), (4, 120))))
    np.testing.assert_array_equal(steady[0].tokens, changing[0].tokens)
    later = cut(sequence_of(*rows, (80, 80, 6, 7), tempos=((0, 60), (4, 120))))
    assert [c.qpm for c in later] == [60.0, 120.0]


def test_tracks_in_order_bass_among_them(sequence_of) -> None:
    clips = cut(sequence_of((40, 80, 0, 1, 2, 33), (72, 80, 0, 1, 0, 73), (60, 80, 4, 5, 0, 73)))
    assert [(c.track, c.track_name, c.program, c.bar) for c in clips] == [
        (0, "Flute", 73, 1), (0, "Flute", 73, 3), (1, "Electric Bass (finger)", 33, 1),
    ]  # fmt: skip
    assert [r.reason for r in clips.refused] == ["1 clip without a note left out"]


def test_cut_time_is_taken_and_other_meters_are_refused_by_stretch(sequence_of) -> None:
    rows = [(60 + i % 12, 80, i, i + 1) for i in range(27)]
    clips = cut(sequence_of(*rows, qpm=60, meters=((0, 2, 2), (8, 3, 4), (17, 4, 4), (25, 2, 4))))
    assert [(c.bar, c.onsets) for c in clips] == [(1, 8), (6, 8)]
    refused = [(r.track, r.bar, r.reason, r.remedy, len(r.notes)) for r in clips.refused]
    assert refused == [
        ("all tracks", 3, "3 bars of 3/4: the model hears 4/4", "use bars of 4/4 or 2/2", 9),
        ("all tracks", 8, "a bar of 2/4: the model hears 4/4", "write two bars as one", 2),
    ]
    assert clips.refused[0].notes[0] == (8.0, 9.0, 68, 0)


def test_a_pick_up_does_not_shift_the_bars(sequence_of) -> None:
    rows = [(59, 80, 0, 1)] + [(60 + i, 80, 1 + i, 2 + i) for i in range(8)]
    clips = cut(sequence_of(*rows, qpm=60, meters=((0, 1, 4), (1, 4, 4))))
    assert [(c.bar, placed(c)) for c in clips] == [(2, {4 * i: 60 + i for i in range(8)})]
    assert [(r.bar, r.reason, r.notes) for r in clips.refused] == [
        (1, "a pickup, shorter than a bar", ((0.0, 1.0, 59, 0),))
    ]


def test_a_bar_cut_short_by_a_meter_is_refused(sequence_of) -> None:
    clips = cut(sequence_of(*((60, 80, i, i + 1) for i in range(14)), qpm=60, meters=((0, 4, 4), (6, 2, 2))))
    assert [(c.bar, c.onsets) for c in clips] == [(1, 4), (3, 8)]
    assert [(r.bar, r.reason) for r in clips.refused] == [(2, "a bar of 4/4 that a change of meter cuts short")]


def test_drums_are_refused(sequence_of) -> None:
    clips = cut(sequence_of((36, 80, 3, 4, 9, 0, True), (38, 80, 4, 5, 9, 0, True)))
    assert len(clips) == 0
    assert [(r.track, r.bar, len(r.notes), r.remedy) for r in clips.refused] == [("Drums", 2, 2, "use a drum model")]


def test_notes_out_of_range_are_refused_by_bar_and_the_rest_is_kept(sequence_of) -> None:
    sequence = sequence_of((20, 80, 0, 1), (60, 80, 1, 2), (109, 80, 2, 3), (110, 80, 3, 4))
    clips = cut(sequence)
    assert placed(clips[0]) == {8: 60}
    assert [(r.bar, r.reason) for r in clips.refused] == [
        (1, "1 note below the model's range"), (2, "2 notes above the model's range")
    ]  # fmt: skip
    folded = cut(fold_into_range(sequence))
    assert placed(folded[0]) == {0: 32, 8: 60, 16: 97, 24: 98}
    assert not folded.refused
    assert sequence.notes[0].pitch == 20


@pytest.mark.parametrize("low", [0, 21, 48, 60])
def test_folding_keeps_pitch_class_and_drums(sequence_of, low: int) -> None:
    sequence = sequence_of(*((p, 80, p, p + 1) for p in range(128)), (5, 80, 0, 1, 9, 0, True))
    folded = fold_into_range(sequence, low, low + 11)
    pitches = [n.pitch for n in folded.notes]
    assert pitches[-1] == 5
    assert all(low <= p < low + 12 for p in pitches[:-1])
    assert all((a - b.pitch) % 12 == 0 for a, b in zip(pitches, sequence.notes, strict=True))


def test_folding_needs_an_octave(sequence_of) -> None:
    with pytest.raises(ConfigError, match="less than an octave"):
        fold_into_range(sequence_of(), 60, 70)


def test_the_highest_of_a_chord_is_kept(sequence_of) -> None:
    clips = cut(sequence_of((60, 80, 0, 1), (64, 80, 0, 1), (67, 80, 0, 1), (62, 80, 1, 2)))
    assert placed(clips[0]) == {0: 67, 8: 62}
    (refusal,) = clips.refused
    assert (refusal.bar, refusal.reason, refusal.remedy) == (1, "2 notes under a higher one", "keep the highest note")
    assert {n[2] for n in refusal.notes} == {60, 64}


def test_a_note_doubled_in_unison_is_no_loss(sequence_of) -> None:
    assert not cut(sequence_of((60, 80, 0, 1), (60, 80, 0, 1))).refused


def test_notes_faster_than_the_grid(sequence_of) -> None:
    clips = cut(sequence_of((60, 80, 0, 0.05), (62, 80, 0.05, 0.1), (64, 80, 0.5, 1)))
    assert placed(clips[0]) == {0: 62, 4: 64}
    assert [(r.reason, r.notes[0][2]) for r in clips.refused] == [("1 note faster than a 16th", 60)]


def test_a_note_that_the_next_cuts_short(sequence_of) -> None:
    clips = cut(sequence_of((48, 80, 0, 2), (72, 80, 1, 2)))
    assert placed(clips[0]) == {0: 48, 8: 72}
    assert [(r.reason, r.notes) for r in clips.refused] == [("1 note cut short by the next", ((2.0, 4.0, 48, 0),))]
    assert not cut(sequence_of((48, 80, 0, 1.1), (72, 80, 1, 2))).refused, "legato is not polyphony"


def test_placement_equals_upstream_where_both_hear_the_piece(sequence_of) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        starts = np.sort(rng.uniform(0, 4, 20))
        rows = [(int(rng.integers(21, 109)), 80, s, s + rng.uniform(0.05, 0.6)) for s in starts]
        sequence = sequence_of((60, 80, 0, 0.2), *rows)
        upstream = MelodyConverter(slice_bars=None, gap_bars=None).to_tokens(sequence)[0][:32]
        np.testing.assert_array_equal(cut(sequence)[0].tokens[: len(upstream)], upstream)


def test_velocity_zero_is_refused(sequence_of) -> None:
    clips = cut(sequence_of((60, 0, 0, 1), (62, 80, 1, 2)))
    assert placed(clips[0]) == {8: 62}
    assert [r.reason for r in clips.refused] == ["1 note with velocity 0"]


def test_a_last_note_that_rounds_onto_the_final_bar_line(sequence_of) -> None:
    clips = cut(sequence_of((60, 80, 0, 1), (62, 80, 3.95, 4)))
    assert [(c.bar, placed(c)) for c in clips] == [(1, {0: 60}), (3, {0: 62})]


def test_silence(sequence_of) -> None:
    clips = cut(sequence_of(total=7.0))
    assert [(c.bar, c.onsets) for c in clips] == [(1, 0), (3, 0)]
    nothing = cut(sequence_of(total=0.0))
    assert (len(nothing), [r.reason for r in nothing.refused]) == (0, ["no notes"])
    waltz = cut(sequence_of(total=3.0, meters=((0, 3, 4),)))
    assert (len(waltz), [r.bar for r in waltz.refused]) == (0, [1])


def test_nothing_raises_for_musical_content(sequence_of) -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        rows = [
            (int(rng.integers(0, 128)), int(rng.integers(0, 128)), *rng.uniform(-1, 20, 2), int(rng.integers(3)),
             int(rng.integers(128)), bool(rng.integers(2)))
            for _ in range(20)
        ]  # fmt: skip
        meters = tuple((float(t), int(rng.integers(0, 9)), int(rng.integers(0, 17))) for t in rng.uniform(-1, 20, 4))
        tempos = tuple((float(t), float(rng.choice([-5, 0, 30, 120, 300]))) for t in rng.uniform(-1, 20, 4))
        sequence = sequence_of(*rows, meters=meters, tempos=tempos)
        clips = cut(sequence)
        score = from_sequence(sequence)
        kept = sum(c.onsets for c in clips)
        cut_off = sum(len(r.notes) for r in clips.refused if "cut short by the next" in r.reason)
        lost = sum(len(r.notes) for r in clips.refused) - cut_off
        doubled = 20 - (20 - len(score.notes)) - kept - lost
        assert 0 <= doubled <= 2, "every note is kept or named"
        assert all(1 <= r.bar <= len(score.bar_starts()) for r in clips.refused)


def test_other_lengths_grids_and_ranges(sequence_of) -> None:
    sequence = sequence_of((60, 80, 0, 1), (62, 80, 1, 2), (64, 80, 9, 10))
    (clip,) = cut(sequence, ClipSpec(bars=16, steps_per_quarter=2, min_pitch=60, max_pitch=62))
    assert (clip.tokens.shape, clip.tokens[0], clip.tokens[4], clip.bars) == ((128,), 2, 4, 16)
    assert [r.reason for r in cut(sequence, clip.spec).refused] == ["1 note above the model's range"]


@pytest.mark.parametrize(
    "settings", [{"bars": 0}, {"steps_per_quarter": 0}, {"min_pitch": 60, "max_pitch": 50}, {"max_pitch": 128}]
)
def test_impossible_specs_are_refused(settings) -> None:
    with pytest.raises(ConfigError):
        ClipSpec(**settings)


def test_a_clip_plays_at_the_tempo_and_with_the_sound_of_the_piece(sequence_of) -> None:
    sequence = sequence_of((40, 80, 0, 1, 3, 33), qpm=90)
    sequence.sequence_metadata.title = "Low"
    (clip,) = cut(sequence)
    back = clip.sequence
    assert (back.tempos[0].qpm, back.notes[0].program, back.sequence_metadata.title) == (90, 33, "Low")
    assert back.total_time == pytest.approx(8 * 60 / 90)
    assert from_sequence(back).tracks == from_sequence(sequence).tracks
    assert repr(clip) == "<Clip Low, Electric Bass (finger), bars 1-2: 1 note>"


def test_report_reads_as_a_table(sequence_of) -> None:
    clips = cut(sequence_of((60, 80, 0, 1), (64, 80, 0, 1), (62, 80, 4, 5)))
    assert repr(clips).splitlines() == [
        "2 clips",
        "  0  Acoustic Grand Piano  bars 1-2  1 note",
        "  1  Acoustic Grand Piano  bars 3-4  1 note",
        "refused:",
        "  Acoustic Grand Piano, bar 1: 1 note under a higher one; keep the highest note",
    ]
    many = cut(sequence_of(*((60, 80, 4 * i, 4 * i + 1) for i in range(40))))
    assert "  and 28 more" in repr(many)
    assert repr(Clips()) == "0 clips"


def test_clips_are_a_sequence(sequence_of) -> None:
    clips = cut(sequence_of((60, 80, 0, 1), (20, 80, 1, 2), (62, 80, 4, 5), (64, 80, 8, 9)))
    assert [c.bar for c in clips[1:]] == [3, 5]
    assert clips[1:].refused == clips.refused
    assert clips[-1] is list(clips)[2]


def test_as_clips_takes_what_a_user_holds(sequence_of, tmp_path) -> None:
    sequence = sequence_of((60, 80, 0, 1), (20, 80, 1, 2), (62, 80, 4, 5))
    expected = [c.tokens.tolist() for c in cut(sequence)]
    path = tunes.path("frere-jacques")
    piano = pretty_midi.PrettyMIDI(str(path))
    for music, count in [(path, 4), (str(path), 4), (path.read_bytes(), 4), (piano, 4), ([piano, sequence], 6)]:
        assert len(as_clips(music)) == count
    clips = as_clips(sequence)
    for music in (clips, [clips], list(clips), tuple(clips), [sequence]):
        assert [c.tokens.tolist() for c in as_clips(music)] == expected
    assert as_clips(clips).refused == as_clips([sequence]).refused == clips.refused
    assert as_clips(clips[0])[0] is clips[0]
    assert [c.bars for c in as_clips(clips[0], ClipSpec(1))] == [1]
    assert len(as_clips(note_seq().NoteSequence())) == 0
    with pytest.raises(ConfigError, match="int is not music"):
        as_clips(5)
    with pytest.raises(ReadError):
        as_clips(tmp_path / "none.mid")
