/** Rendering of clips to buffers: by the instruments once they are there, by the built-in sound before. */

import { renderBuiltin } from "./builtin";
import { amplify, type Channels, fadeEnd, gainOf, heardLength } from "./level";
import type { AudioPage, EngineName, Rendered } from "./page";
import type { Sound } from "./sound";
import type { SoundFont } from "./soundfont";

/** Gets a file of the package from the kernel. */
export type Assets = (name: "engine.js" | "soundfont.sf2") => Promise<ArrayBuffer>;

interface EngineModule {
  readonly SoundFont: { load(bank: ArrayBuffer, rate: number): Promise<SoundFont> };
}

/** Bytes of sound that are kept: 160 MB, some ten minutes in stereo. */
const KEPT = 160e6;

/**
 * Loads the instruments, once a page; a failed try may be repeated.
 *
 * @param bank Which SoundFont is wanted: another one takes the place of what the page has.
 */
export function loadInstruments(
  page: AudioPage,
  rate: number,
  assets: Assets,
  bank: string,
): Promise<SoundFont> {
  if (page.loading && page.bank === bank) return page.loading;
  page.bank = bank;
  const loading = load(rate, assets).then(
    (soundfont) => {
      if (page.loading === loading) page.soundfont = { bank, soundfont };
      return soundfont;
    },
    (error: unknown) => {
      if (page.loading === loading) page.loading = undefined;
      throw error;
    },
  );
  page.loading = loading;
  return loading;
}

async function load(rate: number, assets: Assets): Promise<SoundFont> {
  const [code, bank] = await Promise.all([assets("engine.js"), assets("soundfont.sf2")]);
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    const module = (await import(url)) as EngineModule;
    return await module.SoundFont.load(bank, rate);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Equal sounds of one scale are one rendering. */
const nameOf = (engine: string, { key, whole }: Sound) => `${engine}:${key}:${whole?.key ?? ""}`;

/** Name of the instruments at hand. */
const bankOf = (page: AudioPage) => `soundfont ${page.soundfont?.bank ?? ""}`;

/** The best rendering that is at hand, without waiting. */
export function renderedNow(page: AudioPage, context: BaseAudioContext, sound: Sound): Rendered {
  const known = recall(page, nameOf(bankOf(page), sound)) ?? recall(page, nameOf("builtin", sound));
  if (known) return known;
  const channels = renderBuiltin(sound, context.sampleRate, page.voices);
  const gain = sound.whole && builtinGain(page, context, sound.whole);
  return keep(page, nameOf("builtin", sound), renderedOf(context, channels, sound, "builtin", gain));
}

function builtinGain(page: AudioPage, context: BaseAudioContext, sound: Sound): number {
  const known = recall(page, nameOf("builtin", sound));
  if (known) return known.gain;
  const channels = renderBuiltin(sound, context.sampleRate, page.voices);
  return keep(page, nameOf("builtin", sound), renderedOf(context, channels, sound, "builtin")).gain;
}

/** The clip played by the instruments; rejects where they are not loaded. */
export function renderInstruments(
  page: AudioPage,
  context: BaseAudioContext,
  sound: Sound,
): Promise<Rendered> {
  const name = nameOf(bankOf(page), sound);
  const known = recall(page, name);
  if (known) return Promise.resolve(known);
  const soundfont = page.soundfont?.soundfont;
  if (!soundfont) return Promise.reject(new Error("the instruments are not loaded"));
  let work = page.rendering.get(name);
  if (!work) {
    const scale = sound.whole ? renderInstruments(page, context, sound.whole) : Promise.resolve(undefined);
    work = scale
      .then(async (whole) => {
        const channels = await soundfont.render(sound);
        return keep(page, name, renderedOf(context, channels, sound, "soundfont", whole?.gain));
      })
      .finally(() => page.rendering.delete(name));
    page.rendering.set(name, work);
  }
  return work;
}

function recall(page: AudioPage, name: string): Rendered | undefined {
  const found = page.rendered.get(name);
  if (found) {
    page.rendered.delete(name);
    page.rendered.set(name, found);
  }
  return found;
}

function keep(page: AudioPage, name: string, rendered: Rendered): Rendered {
  page.rendered.set(name, rendered);
  const size = ({ buffer }: Rendered) => buffer.length * buffer.numberOfChannels * 4;
  let total = 0;
  for (const item of page.rendered.values()) total += size(item);
  for (const [other, item] of page.rendered) {
    if (total <= KEPT || other === name) break;
    page.rendered.delete(other);
    total -= size(item);
  }
  return rendered;
}

/** @param scale The gain that brings all of the clip to full level, where this is a part of it. */
function renderedOf(
  context: BaseAudioContext,
  channels: Channels,
  sound: Sound,
  engine: EngineName,
  scale?: number,
): Rendered {
  const rate = context.sampleRate;
  const body = Math.max(1, Math.round(sound.seconds * rate));
  const gain = scale ?? gainOf(channels, body);
  amplify(channels, gain);
  const end = heardLength(channels, Math.min(body, channels[0]?.length ?? 0));
  // Only a tail is faded: at the last bar line itself the next pass goes on.
  fadeEnd(channels, end, Math.min(Math.round(0.02 * rate), Math.max(0, end - body)));
  const buffer = context.createBuffer(channels.length, Math.max(1, end), rate);
  channels.forEach((channel, index) => {
    buffer.copyToChannel(channel.subarray(0, end), index);
  });
  return { buffer, engine, gain };
}
