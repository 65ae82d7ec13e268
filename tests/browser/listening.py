"""Ears for the browser tests: record what a page sends to the speakers, and find its onsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# Every node that a page connects to its destination is also connected to a recorder. The recorder runs on
# the audio thread, so a busy page loses nothing.
RECORDER = """
(() => {
  const tape = { chunks: [], rate: 0, ready: false, loud: null };
  window.__tape = tape;
  const connect = AudioNode.prototype.connect;
  const source = `registerProcessor("tape", class extends AudioWorkletProcessor {
    process(inputs) {
      const input = inputs[0];
      this.port.postMessage([currentFrame, input.length ? input[0].slice() : new Float32Array(128)]);
      return true;
    }
  })`;
  const recorders = new WeakMap();
  const recorder = (context) => {
    if (!recorders.has(context)) {
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      recorders.set(context, context.audioWorklet.addModule(url).then(() => {
        const node = new AudioWorkletNode(context, "tape", { numberOfOutputs: 0, channelCount: 1,
          channelCountMode: "explicit" });
        node.port.onmessage = ({ data }) => {
          tape.chunks.push(data);
          if (tape.loud === null && data[1].some((x) => Math.abs(x) > 1e-3)) tape.loud = data[0];
        };
        tape.rate = context.sampleRate;
        tape.ready = true;
        return node;
      }));
    }
    return recorders.get(context);
  };
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode && this.context instanceof AudioContext) {
      recorder(this.context).then((node) => connect.call(this, node));
    }
    return connect.call(this, to, ...rest);
  };
})();
"""
# Base64 of float32: half a minute of sound as JSON numbers would take longer than the sound.
READ_TAPE = """
() => {
  const chunks = window.__tape.chunks;
  const bytes = new Uint8Array(chunks.length * 128 * 4);
  const frames = [];
  chunks.forEach(([frame, samples], k) => {
    frames.push(frame);
    bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, 512), k * 512);
  });
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return { rate: window.__tape.rate, frames, data: btoa(text) };
}
"""


@dataclass
class Tape:
    """Recorded sound: mono samples, and the rate."""

    samples: np.ndarray[Any, Any]
    rate: float

    @property
    def peak(self) -> float:
        return float(np.abs(self.samples).max(initial=0.0))

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def erase(page: Any) -> None:
    page.evaluate("() => { window.__tape.chunks.length = 0; window.__tape.loud = null; }")


def wait(page: Any, seconds: float) -> None:
    """Until so much has been recorded from the first sound on, however late that came."""
    page.wait_for_function(
        "seconds => { const { chunks, rate, loud } = window.__tape;"
        " return loud !== null && chunks.at(-1)[0] - loud >= seconds * rate; }",
        arg=float(seconds),
        polling=100,
        timeout=1000 * seconds + 30_000,
    )


def read(page: Any) -> Tape:
    """What was recorded since `erase`, gaps and all."""
    import base64

    tape = page.evaluate(READ_TAPE)
    blocks = np.frombuffer(base64.b64decode(tape["data"]), "<f4").reshape(-1, 128)
    starts = np.array(tape["frames"], np.int64)
    if not len(starts):
        return Tape(np.zeros(0, np.float32), tape["rate"] or 44100.0)
    starts -= starts[0]
    samples = np.zeros(starts[-1] + 128, np.float32)
    for start, block in zip(starts, blocks, strict=True):
        samples[start : start + 128] = block
    return Tape(samples, float(tape["rate"]))


def onsets(tape: Tape, from_silence: bool = False) -> np.ndarray[Any, Any]:
    """Seconds at which notes begin, by peaks of the rise in log spectrum; in the first 40 ms `from_silence` only."""
    window, hop, reach = 1024, 64, 6
    near = round(0.04 * tape.rate / hop)
    before = near if from_silence else 0
    mono = np.pad(tape.samples, (window + before * hop, window))
    frames = np.lib.stride_tricks.sliding_window_view(mono, window)[::hop]
    scale = max(tape.peak, 1e-6)
    spectrum = np.log(3e-3 + np.abs(np.fft.rfft(frames * np.hanning(window), axis=1))[:, :200] / scale / window * 40)
    flux = np.zeros(len(spectrum))
    flux[reach:] = np.maximum(spectrum[reach:] - spectrum[:-reach], 0).sum(axis=1)
    smooth = np.convolve(flux, np.ones(9) / 9, "same")
    found = []
    for k in range(near, len(smooth) - near):
        around = smooth[k - near : k + near + 1]
        if smooth[k] == around.max() and smooth[k] > 0.2 * np.percentile(smooth, 99.5) and smooth[k] > 3:
            if found and k - found[-1] <= near:
                continue
            found.append(k)
    # A rise is steepest when the onset is in the middle of the frames that are compared.
    return ((np.array(found) - before) * hop - window / 2 - reach * hop / 2) / tape.rate


def compare(
    heard: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], within: float = 0.02
) -> tuple[list[float], list[float]]:
    """Expected onsets that were not heard, and heard ones that were not expected."""
    missing = [float(e) for e in expected if not (np.abs(heard - e) <= within).any()]
    extra = [float(h) for h in heard if not (np.abs(expected - h) <= within).any()]
    return missing, extra


def rise(tape: Tape, second: float) -> float:
    """How many times as loud it is from 5 to 30 ms after a moment as from 30 to 5 ms before it."""

    def level(start: float, end: float) -> float:
        part = tape.samples[max(0, round(start * tape.rate)) : round(end * tape.rate)]
        return float(np.sqrt(np.mean(part**2))) if len(part) else 0.0

    return level(second + 0.005, second + 0.03) / max(level(second - 0.03, second - 0.005), 1e-6)


def starts(sequence: Any, qpm: float) -> np.ndarray[Any, Any]:
    """Seconds at which the notes of a sequence begin when it is played in another tempo."""
    first = sequence.tempos[0].qpm if sequence.tempos else 120.0
    return np.array(sorted({round(note.start_time * first / qpm, 6) for note in sequence.notes}))


def warm_up(page: Any, root: Any) -> None:
    """Play once so that the instruments arrive and the recorder runs."""
    root.locator(".mv-play").click()
    page.wait_for_function(
        "e => e.dataset.engine === 'soundfont' && window.__tape.ready", arg=root.element_handle(), timeout=60_000
    )
    root.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_timeout(500)


def play(page: Any, root: Any, seconds: float) -> Tape:
    """Press play with an empty tape, listen so long from the first sound on, press stop."""
    erase(page)
    root.get_by_role("button", name="Play", exact=True).click()
    wait(page, seconds)
    tape = read(page)
    root.get_by_role("button", name="Stop", exact=True).click()
    return tape


def check(tape: Tape, expected: np.ndarray[Any, Any]) -> None:
    """Onsets are those that are expected and no others, and it is loud enough and not too loud."""
    heard = onsets(tape, from_silence=True)
    assert len(heard), "silence"
    missing, extra = compare(heard - heard[0], expected - expected[0])
    assert not missing
    assert not extra
    assert 0.3 < tape.peak <= 1.0
