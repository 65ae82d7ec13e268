/** Loudness of a rendered clip. */

/** Channels of equal length: one, or left and right. */
export type Channels = readonly Float32Array<ArrayBuffer>[];

/** Peak of a clip at full volume. Volume 0.8 puts 0.8² of it into the output. */
export const PEAK = 0.9;

/** A rendering that is softer than this is not raised to full level: it is silence or noise. */
const SILENCE = 1e-4;

/**
 * The gain that brings the peak of a rendering to `PEAK`, also where it plays in a loop: there the
 * tail after `length` samples sounds together with the beginning.
 */
export function gainOf(channels: Channels, length: number): number {
  let peak = 0;
  for (const channel of channels) {
    for (let i = 0; i < Math.min(length, channel.length); i++) {
      let sample = channel[i] as number;
      peak = Math.max(peak, Math.abs(sample));
      for (let at = i + length; at < channel.length; at += length) sample += channel[at] as number;
      peak = Math.max(peak, Math.abs(sample));
    }
  }
  return peak < SILENCE ? 1 : PEAK / peak;
}

/** Scales a rendering in place. */
export function amplify(channels: Channels, gain: number): void {
  if (gain === 1) return;
  for (const channel of channels) {
    for (let i = 0; i < channel.length; i++) channel[i] = (channel[i] as number) * gain;
  }
}

/** Index after the last sample that is heard, at least `length`. */
export function heardLength(channels: Channels, length: number): number {
  const loud = (at: number) => channels.some((channel) => Math.abs(channel[at] as number) >= SILENCE);
  let last = channels[0]?.length ?? 0;
  while (last > length && !loud(last - 1)) last--;
  return last;
}

/** Brings the last samples to zero, so that a tail that was cut short does not click. */
export function fadeEnd(channels: Channels, end: number, samples: number): void {
  const count = Math.min(samples, end);
  for (const channel of channels) {
    for (let i = 0; i < count; i++) {
      const at = end - 1 - i;
      channel[at] = (channel[at] as number) * (i / count);
    }
  }
}
