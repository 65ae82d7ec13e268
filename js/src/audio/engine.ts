/** Rendering of clips to buffers: by the instruments once they are there, by the built-in sound before. */

import { renderBuiltin } from "./builtin";
import { type Channels, fadeEnd, heardLength, normalise } from "./level";
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

/** Loads the instruments, once a page; a failed try may be repeated. */
export function loadInstruments(page: AudioPage, rate: number, assets: Assets): Promise<SoundFont> {
  page.loading ??= load(rate, assets).then(
    (soundfont) => {
      page.soundfont = soundfont;
      return soundfont;
    },
    (error: unknown) => {
      page.loading = undefined;
      throw error;
    },
  );
  return page.loading;
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

const nameOf = (engine: EngineName, sound: Sound) => `${engine}:${sound.key}`;

/** The best rendering that is at hand, without waiting. */
export function renderedNow(page: AudioPage, context: BaseAudioContext, sound: Sound): Rendered {
  return (
    recall(page, nameOf("soundfont", sound)) ??
    recall(page, nameOf("builtin", sound)) ??
    keep(page, nameOf("builtin", sound), {
      buffer: bufferOf(context, renderBuiltin(sound, context.sampleRate, page.voices), sound),
      engine: "builtin",
    })
  );
}

/** The clip played by the instruments; rejects where they are not loaded. */
export function renderInstruments(
  page: AudioPage,
  context: BaseAudioContext,
  sound: Sound,
): Promise<Rendered> {
  const name = nameOf("soundfont", sound);
  const known = recall(page, name);
  if (known) return Promise.resolve(known);
  const soundfont = page.soundfont;
  if (!soundfont) return Promise.reject(new Error("the instruments are not loaded"));
  let work = page.rendering.get(name);
  if (!work) {
    work = soundfont
      .render(sound)
      .then((channels) =>
        keep(page, name, { buffer: bufferOf(context, channels, sound), engine: "soundfont" as const }),
      )
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

function bufferOf(context: BaseAudioContext, channels: Channels, sound: Sound): AudioBuffer {
  const rate = context.sampleRate;
  const body = Math.max(1, Math.round(sound.seconds * rate));
  normalise(channels, body);
  const end = heardLength(channels, Math.min(body, channels[0]?.length ?? 0));
  // Only a tail is faded: at the last bar line itself the next pass goes on.
  fadeEnd(channels, end, Math.min(Math.round(0.02 * rate), Math.max(0, end - body)));
  const buffer = context.createBuffer(channels.length, Math.max(1, end), rate);
  channels.forEach((channel, index) => {
    buffer.copyToChannel(channel.subarray(0, end), index);
  });
  return buffer;
}
