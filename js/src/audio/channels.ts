/** MIDI channels: one for each instrument of each part, the tenth for the drums. */

import type { Sound, SoundNote } from "./sound";

export const DRUM_CHANNEL = 9;

export interface ChannelUse {
  readonly channel: number;
  readonly program: number;
  readonly drum: boolean;
  /** As MIDI controller 7: 100 is a part at full level. */
  readonly volume: number;
}

/** What 1 of level is as controller 7, whose square is the loudness. */
const FULL = 100;

/** The n-th channel that is not the tenth of its port. */
const melodicChannel = (n: number): number => {
  const place = n % 15;
  return Math.floor(n / 15) * 16 + (place < DRUM_CHANNEL ? place : place + 1);
};

/**
 * The channel of every note.
 *
 * @param most Channels there are at most, a multiple of 16; parts beyond share them in turn.
 */
export function channelsOf(
  sound: Sound,
  most: number,
): { uses: readonly ChannelUse[]; of: (note: SoundNote) => number } {
  const uses = new Map<string, ChannelUse>();
  const melodic = (most / 16) * 15;
  let taken = 0;
  const nameOf = ({ drum, part, program }: SoundNote) => (drum ? "drums" : `${part}/${program}`);
  for (const note of sound.notes) {
    const name = nameOf(note);
    if (uses.has(name)) continue;
    const channel = note.drum ? DRUM_CHANNEL : melodicChannel(taken % melodic);
    if (!note.drum) taken++;
    const { program, drum } = note;
    uses.set(name, { channel, program: drum ? 0 : program, drum, volume: Math.round(FULL * note.level) });
  }
  return { uses: [...uses.values()], of: (note) => (uses.get(nameOf(note)) as ChannelUse).channel };
}
