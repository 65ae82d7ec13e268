/** What the Studio's view is given, and how an arrangement becomes a song. */

import type { Clip, Note, Place, Score } from "./clip";
import type { CommonActions, CommonProps } from "./props";
import { MeterMap, TempoMap } from "./time";

/** What a clip is, and the part that it came from. */
export interface Current {
  readonly part: string;
  /** Empty where only the part and its args say what it is. */
  readonly title: string;
  /** Where it stands in that part. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** A clip of the tray. */
export interface Kept extends Current {
  readonly id: number;
  readonly place: Place;
  readonly clip: Clip;
}

/** A clip of the song: which one, and its quarters there. */
export interface Span {
  readonly kept: Kept;
  readonly start: number;
  readonly end: number;
}

export interface Song {
  readonly clip: Clip;
  readonly spans: readonly Span[];
}

export const EXPORTS = ["midi", "wav", "png", "svg", "session"] as const;
export type Export = (typeof EXPORTS)[number];

export interface StudioProps extends CommonProps {
  /** Names of the parts, none before they can be shown. */
  readonly parts: readonly string[];
  readonly kept: readonly Kept[];
  /** Ids of kept clips in the order of the song. */
  readonly arrangement: readonly number[];
  readonly song: Song;
  /** Id of the kept clip that is current; -1 for none. */
  readonly chosen: number;
  readonly current: Current;
  readonly place: Place;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** What is being exported or loaded, if anything. */
  readonly saving: Export | "load" | null;
}

export interface StudioActions extends CommonActions {
  /** The current clip into the tray; its id, once it is there. */
  keep(): Promise<number | null>;
  choose(id: number): void;
  rename(id: number, title: string): void;
  discard(id: number): void;
  arrange(ids: readonly number[]): void;
  end(which: "a" | "b", id: number): void;
  corner(which: number, id: number): void;
  vary(): void;
  draw(): void;
  undo(): void;
  redo(): void;
  clear(): void;
  /** Makes a file and hands it to the browser. */
  export(what: Export): void;
  /** Brings back a session. */
  load(file: File): void;
  /** Lets the song lead, or the current clip. */
  hear(what: "song" | "clip"): void;
  /** Plays the song from a quarter, or where it was left. */
  playSong(quarter?: number): void;
}

/** Clips of a song, at most. */
export const MOST = 128;

/** Quarters of a bar of a meter. */
const barOf = ({ meters }: Score): number => {
  const [, numerator = 4, denominator = 4] = meters[0] ?? [];
  return (4 * numerator) / denominator;
};

/** The score of a kept clip: that of all, as long as the clip. */
export const scoreOf = (common: Score, bars: number): Score => ({
  ...common,
  quarters: Math.max(0.25, bars * barOf(common)),
});

/** Kept clips one after another. */
export function songOf(kept: readonly Kept[], ids: readonly number[]): Song {
  const byId = new Map(kept.map((item) => [item.id, item]));
  const spans: Span[] = [];
  const notes: Note[] = [];
  let end = 0;
  for (const id of ids) {
    const item = byId.get(id);
    if (!item) continue;
    const { quarters } = item.clip.score;
    for (const note of item.clip.notes) {
      // A note that rings over its clip's end would sound into the next one.
      const until = Math.min(note.end, quarters);
      if (note.start < quarters) notes.push({ ...note, start: end + note.start, end: end + until });
    }
    spans.push({ kept: item, start: end, end: end + quarters });
    end += quarters;
  }
  const score = spans[0]?.kept.clip.score ?? {
    quarters: 4,
    tempos: [[0, 120] as const],
    meters: [[0, 4, 4] as const],
    tracks: [],
  };
  return { clip: { notes, score: { ...score, quarters: Math.max(end, 0.25) } }, spans };
}

/** Seconds of a clip at a tempo. */
export const secondsOf = ({ score }: Clip, tempo: number): number =>
  new TempoMap(score.tempos, tempo).seconds(score.quarters);

export const barsOf = ({ score }: Clip): number => MeterMap.of(score).bars.length;

/** Puts an id into a song before a place. */
export const inserted = (ids: readonly number[], at: number, id: number): number[] => [
  ...ids.slice(0, at),
  id,
  ...ids.slice(at),
];

export const removed = (ids: readonly number[], at: number): number[] => ids.filter((_, k) => k !== at);

/** Moves a clip of a song to before a place, counted while it is still where it was. */
export function moved(ids: readonly number[], from: number, to: number): number[] {
  const id = ids[from];
  if (id === undefined) return [...ids];
  return inserted(removed(ids, from), to > from ? to - 1 : to, id);
}
