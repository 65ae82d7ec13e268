"""Notes into sound: 16-bit stereo WAV from a NoteSequence."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ..checks import number, whole_number
from ..errors import ConfigError, MusicVAEError
from ..music.score import Score, from_sequence
from ..music.sequences import as_sequence
from . import fluid, synth

if TYPE_CHECKING:
    NoteSequence = Any  # note_seq has no types and is not imported here

__all__ = ["TAIL", "Engine", "engine_name", "to_wav"]

Engine = Literal["auto", "fluidsynth", "builtin"]

#: Seconds after the last note's end, for what still rings.
TAIL = 1.0
#: Seconds of sound that are rendered at most: an hour is 1.3 GB of samples while it is mixed.
LONGEST = 3600.0


def to_wav(
    sequence: NoteSequence | Score,
    path: str | os.PathLike[str] | None = None,
    sample_rate: int = 44100,
    *,
    engine: Engine = "auto",
    peak: float = 0.8,
) -> bytes:
    """Render music to a WAV file.

    Parameters
    ----------
    sequence
        A NoteSequence, PrettyMIDI, clip or file of music, or the `Score` of one. Times follow its
        whole tempo map; the sustain pedal holds notes; pitch bends and other controllers are not heard.
    path
        Where to write the file; None writes none.
    sample_rate
        Samples a second, 8,000 to 192,000.
    engine
        ``"fluidsynth"`` (pyfluidsynth with the SoundFont that pretty_midi ships), ``"builtin"`` (a
        small synthesizer of our own), or ``"auto"``: the first where it plays, else the second.
    peak
        Loudest sample, above 0 and at most 1 (full scale). Music is brought to it whatever its
        velocities are; within a piece they keep their proportion.

    Returns
    -------
    bytes
        The WAV file: 16 bits, stereo, from 0 to the end of the piece's last note or bar plus one
        second. A sequence without notes gives silence.

    Raises
    ------
    ConfigError
        When a parameter is out of its range.
    MusicVAEError
        When FluidSynth is asked for and does not play here, or the file cannot be written.
    """
    sample_rate = whole_number(sample_rate, "The sample rate", 8000, 192_000)
    peak = number(peak, "The peak", above=0, most=1)
    play = fluid.render if engine_name(engine) == "fluidsynth" else synth.render
    notes, end = _table(sequence if isinstance(sequence, Score) else as_sequence(sequence))
    if end > LONGEST:
        raise MusicVAEError(
            f"This piece lasts {end / 60:.0f} minutes, too long to render.",
            f"Cut it to {LONGEST / 60:.0f} minutes.",
        )
    if len(notes):
        sound = play(notes, end + TAIL, sample_rate)
    else:
        # FluidSynth dithers: its silence is noise that must not be raised to the peak.
        sound = np.zeros((round((end + TAIL) * sample_rate), 2), dtype=np.float32)
    loudest = float(np.abs(sound).max(initial=0))
    if loudest > 0:
        sound = sound * np.float32(peak / loudest)
    data = _wav(sound, sample_rate)
    if path is not None:
        try:
            Path(path).write_bytes(data)
        except OSError as error:
            raise MusicVAEError(
                f"The sound cannot be written to {os.fspath(path)}: {error.strerror}.",
                "Give the path of a file in a folder that exists.",
            ) from error
    return data


def engine_name(engine: Engine = "auto") -> Literal["fluidsynth", "builtin"]:
    """Tell which engine a choice comes to on this machine; errors as in `to_wav`."""
    if engine == "builtin":
        return "builtin"
    if engine not in ("auto", "fluidsynth"):
        raise ConfigError(f"There is no engine {engine!r}.", 'Use "auto", "fluidsynth" or "builtin".')
    problem = fluid.problem()
    if not problem:
        return "fluidsynth"
    if engine == "auto":
        return "builtin"
    raise MusicVAEError(
        f"FluidSynth cannot play here: {problem}.",
        'Install it (on Debian "apt install libfluidsynth3", on a Mac "brew install fluid-synth", then '
        '"pip install pyfluidsynth"), or use engine="builtin".',
    )


def _table(sequence: NoteSequence | Score) -> tuple[npt.NDArray[np.float64], float]:
    """Give rows (start s, end s, pitch, velocity, program, is_drum) and the end of the piece, s."""
    score = sequence if isinstance(sequence, Score) else from_sequence(_sustained(sequence))
    table = score.notes.astype(np.float64)
    times = _seconds(score, table[:, :2])
    notes = np.column_stack([times, table[:, 2], table[:, 3], table[:, 5], table[:, 6]])
    # Velocity 0 is a note that is not played.
    notes = notes[notes[:, 3] > 0]
    end = float(times.max(initial=0.0))
    return notes, max(end, float(_seconds(score, np.array(score.quarters))))


def _sustained(sequence: NoteSequence) -> NoteSequence:
    """Lengthen the notes that a sustain pedal holds."""
    if not any(change.control_number == 64 for change in sequence.control_changes):
        return sequence
    from note_seq import sequences_lib

    return sequences_lib.apply_sustain_control_changes(sequence)


def _seconds(score: Score, quarters: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn quarters into seconds through the score's tempos."""
    at = np.array([quarter for quarter, _ in score.tempos])
    per_quarter = np.array([60.0 / qpm for _, qpm in score.tempos])
    begin = np.concatenate([[0.0], np.cumsum(np.diff(at) * per_quarter[:-1])])
    piece = np.maximum(np.searchsorted(at, quarters, "right") - 1, 0)
    seconds: npt.NDArray[np.float64] = begin[piece] + (quarters - at[piece]) * per_quarter[piece]
    return seconds


def _wav(sound: npt.NDArray[np.float32], sample_rate: int) -> bytes:
    samples = np.clip(np.rint(sound * 32767), -32767, 32767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()
