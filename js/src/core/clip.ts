/** What a clip is on the page: plain data, times in quarters. */

export interface Note {
  /** Start and end in quarters. */
  readonly start: number;
  readonly end: number;
  /** MIDI pitch, 0 to 127. */
  readonly pitch: number;
  /** 1 to 127. */
  readonly velocity: number;
  /** Index into the score's tracks. */
  readonly track: number;
  readonly program: number;
  readonly drum: boolean;
}

export interface Track {
  readonly name: string;
  readonly program: number;
  readonly drum: boolean;
}

/** (quarter, quarters a minute). */
export type Tempo = readonly [number, number];
/** (quarter, numerator, denominator); a meter always starts a new bar. */
export type Meter = readonly [number, number, number];

export interface Score {
  readonly quarters: number;
  readonly tempos: readonly Tempo[];
  readonly meters: readonly Meter[];
  readonly tracks: readonly Track[];
}

export interface Clip {
  readonly notes: readonly Note[];
  readonly score: Score;
}

/** A note that the model would refuse: start and end in quarters, pitch, track. */
export type Refused = readonly [number, number, number, number];

/** Where a clip lies in latent space, each in -1..1; null when it is not known. */
export type Place = readonly [number, number] | null;

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const finite = (value: unknown, fallback: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : fallback;
const rows = (value: unknown, width: number): number[][] =>
  list(value)
    .filter((row): row is number[] => Array.isArray(row) && row.length >= width && row.every(Number.isFinite))
    .sort((a, b) => (a[0] as number) - (b[0] as number));

/** The `_score` trait, checked; what is missing becomes one bar of 4/4 at 120. */
export function readScore(value: unknown): Score {
  const raw = (value ?? {}) as Record<string, unknown>;
  const tempos = rows(raw.tempos, 2).filter((row) => (row[1] as number) > 0) as unknown as Tempo[];
  const meters = rows(raw.meters, 3).filter(
    (row) => (row[1] as number) > 0 && (row[2] as number) > 0,
  ) as unknown as Meter[];
  const tracks = list(raw.tracks).map((item) => {
    const track = (item ?? {}) as Record<string, unknown>;
    return { name: String(track.name ?? ""), program: finite(track.program, 0), drum: track.drum === true };
  });
  return {
    quarters: Math.max(finite(raw.quarters, 4), 0.25),
    tempos: tempos.length > 0 ? [[0, tempos[0]?.[1] ?? 120], ...tempos.slice(1)] : [[0, 120]],
    meters:
      meters.length > 0 ? [[0, meters[0]?.[1] ?? 4, meters[0]?.[2] ?? 4], ...meters.slice(1)] : [[0, 4, 4]],
    tracks,
  };
}

/** The `_place` trait: [] or [u, v]. */
export function readPlace(value: unknown): Place {
  const [u, v] = list(value);
  return typeof u === "number" && typeof v === "number" && Number.isFinite(u + v)
    ? [Math.max(-1, Math.min(1, u)), Math.max(-1, Math.min(1, v))]
    : null;
}

/** The `_refused` trait. */
export const readRefused = (value: unknown): Refused[] => rows(value, 4) as unknown as Refused[];

/** Tracks of a clip; notes that name a track the score lacks get one of their own. */
export function tracksOf(clip: Clip): Track[] {
  const tracks = [...clip.score.tracks];
  for (const note of clip.notes) {
    while (tracks.length <= note.track) tracks.push({ name: "", program: note.program, drum: note.drum });
  }
  return tracks.length > 0 ? tracks : [{ name: "", program: 0, drum: false }];
}

/** One bar of silence. */
export const EMPTY_CLIP: Clip = { notes: [], score: readScore({}) };
