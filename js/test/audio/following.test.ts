/** The metronome and MIDI out, along with a transport on a fake clock. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventsBetween } from "../../src/audio/ahead";
import { Metronome } from "../../src/audio/metronome";
import { MidiOut } from "../../src/audio/midi-out";
import { type Manner, soundOf } from "../../src/audio/sound";
import { type Take, Transport } from "../../src/audio/transport";
import type { Note } from "../../src/core/clip";
import { clip, note } from "../make";
import { FakeBuffer, FakeContext } from "./fake";

let context: FakeContext;
let transport: Transport;

beforeEach(() => {
  vi.useFakeTimers();
  context = new FakeContext();
  transport = new Transport(context as never, context.destination as never, () => {});
});
afterEach(() => {
  transport.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A take of two bars of 4/4 at 120: a bar is two seconds. */
function take(notes: Note[] = [note(0, 1, 60)], manner: Manner = {}): Take {
  const sound = soundOf(clip(notes, 8), 120, manner);
  const buffer = new FakeBuffer(2, Math.round(sound.seconds * context.sampleRate), context.sampleRate);
  return { sound, buffer: buffer as never, engine: "builtin" };
}

function run(seconds: number) {
  for (let i = 0; i < Math.round(seconds * 100); i++) {
    context.currentTime += 0.01;
    vi.advanceTimersByTime(10);
  }
}

test("events of a stretch of time are those from its beginning up to its end, which the next one has", () => {
  const sound = soundOf(clip([], 8), 120);
  const stretches = [
    { sound, origin: 1, begin: 1, until: 5 },
    { sound, origin: 5, begin: 5, until: 9 },
  ];
  const beats = (from: number, to: number) =>
    eventsBetween(stretches, from, to, (s) => s.beats).map(({ time }) => time);
  expect(beats(0, 2)).toEqual([1, 1.5]);
  expect(beats(4.5, 5.5)).toEqual([4.5, 5]);
  expect(beats(0, 20)).toHaveLength(16);
});

describe("metronome", () => {
  const clicks = (source: FakeContext["sources"][number]) => source.buffer?.numberOfChannels === 1;
  const heard = () =>
    context.sources
      .filter((source) => clicks(source) && source.started && source.stopped === null)
      .map((source) => source.started?.at as number);

  test("strikes every beat of every pass, the first of a bar in another voice, seconds ahead", () => {
    const metronome = new Metronome(context as never, context.destination as never);
    transport.follow(metronome);
    metronome.on = true;
    transport.setLoop(true);
    transport.play(take());
    run(5);
    const expected = Array.from({ length: 17 }, (_, beat) => 0.05 + beat / 2).filter((at) => at < 8);
    expect(heard().filter((at) => at < 7)).toEqual(
      expected.filter((at) => at < 7).map((at) => expect.closeTo(at, 6)),
    );
    expect(Math.max(...heard())).toBeGreaterThan(context.currentTime + 2);
    const voices = context.sources.filter(clicks).map(({ buffer }) => buffer);
    expect(voices[0]).toBe(voices[4]);
    expect(voices[1]).not.toBe(voices[0]);
  });

  test("turned off it takes back what it had ahead, and is silent", () => {
    const metronome = new Metronome(context as never, context.destination as never);
    transport.follow(metronome);
    metronome.on = true;
    transport.play(take());
    run(0.3);
    metronome.on = false;
    expect(heard()).toEqual([expect.closeTo(0.05)]);
    run(2);
    expect(heard()).toHaveLength(1);
  });

  test("goes over to another tempo at the bar line, where the music does", () => {
    const metronome = new Metronome(context as never, context.destination as never);
    transport.follow(metronome);
    metronome.on = true;
    transport.play(take());
    run(0.3);
    const slow = { ...take(), sound: soundOf(clip([note(0, 1, 60)], 8), 60) };
    transport.change(slow);
    run(4);
    expect(heard().filter((at) => at < 5)).toEqual(
      [0.05, 0.55, 1.05, 1.55, 2.05, 3.05, 4.05].map((at) => expect.closeTo(at, 6)),
    );
  });

  test("stop silences it", () => {
    const metronome = new Metronome(context as never, context.destination as never);
    transport.follow(metronome);
    metronome.on = true;
    transport.play(take());
    run(0.3);
    transport.stop();
    expect(heard()).toEqual([expect.closeTo(0.05)]);
  });
});

describe("MIDI out", () => {
  type Sent = { at: number; bytes: number[] };

  function plug(more: { clear?: () => void } = {}): { sent: Sent[]; out: MidiOut } {
    const sent: Sent[] = [];
    const output = { send: (bytes: number[], at = 0) => void sent.push({ at, bytes }), ...more };
    const out = new MidiOut(
      output,
      () => context.currentTime,
      (time) => 1000 * time,
    );
    transport.follow(out);
    return { sent, out };
  }
  const notes = (sent: Sent[]) =>
    sent
      .filter(({ bytes }) => (bytes[0] as number) < 0xb0)
      .map(({ at, bytes }) => [Math.round(at), ...bytes]);

  test("sends programs, levels, notes and their ends with the times at which they are heard", () => {
    const { sent } = plug();
    const mix = [{ mute: false, solo: false, level: 0.5, program: 40 }];
    transport.play(
      take([note(0, 1, 60, { velocity: 99 }), note(2, 3, 36, { drum: true, track: 1, velocity: 70 })], {
        mix,
      }),
    );
    run(4.2);
    expect(
      sent
        .filter(({ bytes }) => (bytes[0] as number) >= 0xb0)
        .slice(0, 3)
        .map(({ bytes }) => bytes),
    ).toEqual([
      [0xc0, 40],
      [0xb0, 7, 50],
      [0xb9, 7, 100],
    ]);
    expect(notes(sent)).toEqual([
      [50, 0x90, 60, 99],
      [549, 0x80, 60, 0],
      [1050, 0x99, 36, 70],
      [1549, 0x89, 36, 0],
    ]);
  });

  test("a note that is struck again ends before, also where the clip begins anew", () => {
    const { sent } = plug();
    transport.setLoop(true);
    transport.play(take([note(0, 4, 60), note(4, 8, 60)]));
    run(5);
    expect(notes(sent)).toEqual([
      [50, 0x90, 60, 80],
      [2049, 0x80, 60, 0],
      [2050, 0x90, 60, 80],
      [4049, 0x80, 60, 0],
      [4050, 0x90, 60, 80],
    ]);
  });

  test("stop ends what sounds, and says so to every channel in use", () => {
    const { sent } = plug();
    transport.play(take([note(0, 8, 60)]));
    run(1);
    sent.length = 0;
    transport.stop();
    expect(sent).toEqual([
      { at: expect.closeTo(1000), bytes: [0x80, 60, 0] },
      { at: expect.closeTo(1000), bytes: [0xb0, 123, 0] },
    ]);
    run(1);
    expect(sent).toHaveLength(2);
  });

  test("another clip at the bar line cuts the notes that hang over, and nothing else", () => {
    const { sent } = plug();
    transport.setLoop(true);
    transport.play(take([note(0, 8, 60), note(5, 6, 62)]));
    run(0.5);
    transport.change(take([note(4, 8, 72)]));
    run(2);
    expect(notes(sent)).toEqual([
      [50, 0x90, 60, 80],
      [2050, 0x80, 60, 0],
      [2050, 0x90, 72, 80],
    ]);
  });

  test.each(["with", "without"])(
    "a change just before the line leaves no note ringing, %s a way to call back",
    (way) => {
      const given: Sent[] = [];
      const clear = () => {
        given.push(...sent.splice(0).filter(({ at }) => at <= 1000 * context.currentTime));
      };
      const { sent } = plug(way === "with" ? { clear } : {});
      transport.setLoop(true);
      transport.play(take([note(0, 8, 60), note(4, 8, 62)]));
      run(2.01);
      transport.change(take([note(4, 8, 72)]));
      run(4.5);
      transport.stop();
      const ringing = new Set<number>();
      for (const [, status, pitch] of notes([...given, ...sent]).sort(
        (a, b) => (a[0] as number) - (b[0] as number),
      )) {
        if (((status as number) & 0xf0) === 0x90) ringing.add(pitch as number);
        else ringing.delete(pitch as number);
      }
      expect([...ringing]).toEqual([]);
    },
  );

  test("in a hidden tab, whose timers run once a second, messages are given far enough ahead", () => {
    vi.stubGlobal("document", { hidden: true });
    const { sent } = plug();
    transport.setLoop(true);
    transport.play(take([0, 1, 2, 3, 4, 5, 6, 7].map((beat) => note(beat, beat + 0.5, 60 + beat))));
    const late: number[] = [];
    for (let second = 1; second <= 8; second++) {
      context.currentTime = second;
      const before = sent.length;
      vi.advanceTimersByTime(1000);
      late.push(
        ...sent
          .slice(before)
          .filter(({ at }) => at < 1000 * second)
          .map(({ at }) => at),
      );
    }
    expect(late).toEqual([]);
    expect(notes(sent).filter(([, status]) => status === 0x90).length).toBeGreaterThan(15);
  });
});
