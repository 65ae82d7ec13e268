/** How the tracks of a clip are heard: muted, alone, at which level, by which instrument. */

export interface TrackMix {
  readonly mute: boolean;
  readonly solo: boolean;
  /** 0 to 1; 1 is as the clip has it. */
  readonly level: number;
  /** General MIDI program; null is the clip's own. */
  readonly program: number | null;
}

/** By track number; tracks beyond its end are as the clip has them. */
export type Mix = readonly TrackMix[];

export const NEUTRAL: TrackMix = { mute: false, solo: false, level: 1, program: null };

export const mixOf = (mix: Mix, track: number): TrackMix => mix[track] ?? NEUTRAL;

/** The level at which a track is heard, 0 where it is muted or another one is alone. */
export function heardLevel(mix: Mix, track: number): number {
  const { mute, solo, level } = mixOf(mix, track);
  return mute || (!solo && mix.some((other) => other.solo)) ? 0 : level;
}

/** The mix with one track changed; neutral tracks at the end are left out. */
export function withTrack(mix: Mix, track: number, change: Partial<TrackMix>): Mix {
  const wide = Array.from({ length: Math.max(mix.length, track + 1) }, (_, index) => mixOf(mix, index));
  wide[track] = { ...mixOf(mix, track), ...change };
  while (wide.length > 0 && isNeutral(wide.at(-1) as TrackMix)) wide.pop();
  return wide;
}

const isNeutral = (track: TrackMix): boolean =>
  !track.mute && !track.solo && track.level === 1 && track.program === null;

/** The `mix` trait, checked. */
export function readMix(value: unknown): Mix {
  if (!Array.isArray(value)) return [];
  return value.map((item) => {
    const { mute, solo, level, program } = (item ?? {}) as Record<string, unknown>;
    return {
      mute: mute === true,
      solo: solo === true,
      level: typeof level === "number" && level >= 0 && level <= 1 ? level : 1,
      program:
        typeof program === "number" && program >= 0 && program <= 127 && Number.isInteger(program)
          ? program
          : null,
    };
  });
}

/** A mix as the trait holds it: what departs from the clip. */
export const writeMix = (mix: Mix): Record<string, unknown>[] =>
  mix.map(({ mute, solo, level, program }) => ({
    ...(mute ? { mute } : {}),
    ...(solo ? { solo } : {}),
    ...(level === 1 ? {} : { level }),
    ...(program === null ? {} : { program }),
  }));
