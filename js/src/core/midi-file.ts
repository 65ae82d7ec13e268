/** A clip as a Standard MIDI File: a track of tempos and meters, then one for each of its own. */

import { type Clip, type Track, tracksOf } from "./clip";

const TICKS = 480;
/** Channel of drums; melodic tracks take the others in turn. */
const DRUMS = 9;
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15] as const;

interface Event {
  readonly tick: number;
  /** At one time ends come before beginnings. */
  readonly rank: number;
  readonly bytes: readonly number[];
}

/** @param tempo Quarters a minute at the clip's start; later tempos are scaled with it. */
export function midiFile(clip: Clip, tempo: number): Uint8Array<ArrayBuffer> {
  const tracks = tracksOf(clip);
  let melodic = 0;
  const chunks = tracks.map((track, index) => {
    const channel = track.drum ? DRUMS : (CHANNELS[melodic++ % CHANNELS.length] ?? 0);
    return chunk(trackEvents(clip, track, index, channel), clip);
  });
  const head = [
    ...ascii("MThd"),
    ...word(6, 4),
    ...word(1, 2),
    ...word(chunks.length + 1, 2),
    ...word(TICKS, 2),
  ];
  return Uint8Array.from([...head, ...chunk(mapEvents(clip, tempo), clip), ...chunks.flat()]);
}

const ticks = (quarter: number): number => Math.round(quarter * TICKS);
const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
const word = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, k) => (value >>> (8 * (bytes - 1 - k))) & 0xff);

/** A number in sevens of bits, the first with the highest. */
function sevens(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

const meta = (kind: number, bytes: readonly number[]): number[] => [
  0xff,
  kind,
  ...sevens(bytes.length),
  ...bytes,
];

function mapEvents({ score }: Clip, tempo: number): Event[] {
  const pace = tempo / (score.tempos[0]?.[1] ?? tempo);
  return [
    ...score.tempos.map(([quarter, qpm]) => ({
      tick: ticks(quarter),
      rank: 0,
      bytes: meta(0x51, word(Math.round(60e6 / (qpm * pace)), 3)),
    })),
    ...score.meters.map(([quarter, numerator, denominator]) => ({
      tick: ticks(quarter),
      rank: 0,
      bytes: meta(0x58, [numerator, Math.round(Math.log2(denominator)), 24, 8]),
    })),
  ];
}

function trackEvents(
  { notes }: Clip,
  { name, program, drum }: Track,
  index: number,
  channel: number,
): Event[] {
  const events: Event[] = [{ tick: 0, rank: 0, bytes: meta(3, ascii(name)) }];
  if (!drum) events.push({ tick: 0, rank: 0, bytes: [0xc0 | channel, program] });
  for (const note of notes) {
    if (note.track !== index) continue;
    const start = ticks(note.start);
    const end = Math.max(start + 1, ticks(note.end));
    events.push({ tick: start, rank: 2, bytes: [0x90 | channel, note.pitch, note.velocity] });
    events.push({ tick: end, rank: 1, bytes: [0x80 | channel, note.pitch, 0] });
  }
  return events;
}

function chunk(events: readonly Event[], { score }: Clip): number[] {
  const sorted = [...events].sort((a, b) => a.tick - b.tick || a.rank - b.rank);
  const last = sorted.at(-1)?.tick ?? 0;
  sorted.push({ tick: Math.max(last, ticks(score.quarters)), rank: 3, bytes: meta(0x2f, []) });
  let at = 0;
  const body = sorted.flatMap(({ tick, bytes }) => {
    const wait = tick - at;
    at = tick;
    return [...sevens(wait), ...bytes];
  });
  return [...ascii("MTrk"), ...word(body.length, 4), ...body];
}
