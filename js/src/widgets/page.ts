/** static/page.js: an exported page. It opens the widget of its file, and answers it where a kernel would. */

import type { Decode } from "../core/decoding";
import type { Translate } from "../core/i18n";
import type { Flat } from "../core/latent";
import { type Answers, Limit, revive, StandaloneModel } from "../host/standalone";
import { padAnswers, sliderAnswers, tables } from "../host/standalone-interpolation";
import { knobAnswers } from "../host/standalone-knobs";
import { mapAnswers } from "../host/standalone-map";
import { limit, type Parts } from "../host/standalone-parts";
import { rollAnswers } from "../host/standalone-roll";
import { studioAnswers } from "../host/standalone-studio";
import { openDecoder } from "../model/client";
import type { Opening } from "../model/messages";
import type { Speech } from "../model/music";
import { buildPage, type PageWords, readersLanguage, sayDamaged } from "../views/page";
import attributeKnobs from "./attribute-knobs";
import compare from "./compare";
import interpolationPad from "./interpolation-pad";
import interpolationSlider from "./interpolation-slider";
import latentScatter from "./latent-scatter";
import pianoRoll from "./piano-roll";
import studio from "./studio";

/** By the name of the widget's bundle: the widget, and what its Python half answers. */
const KINDS = {
  piano_roll: [pianoRoll, rollAnswers],
  interpolation_slider: [interpolationSlider, sliderAnswers],
  interpolation_pad: [interpolationPad, padAnswers],
  attribute_knobs: [attributeKnobs, knobAnswers],
  latent_scatter: [latentScatter, mapAnswers],
  compare: [compare, tables],
  studio: [
    studio,
    studioAnswers({
      map: mapAnswers,
      pad: padAnswers,
      roll: rollAnswers,
      slider: sliderAnswers,
      knobs: knobAnswers,
      compare: tables,
    }),
  ],
} as const satisfies Record<string, readonly [() => unknown, (parts: Parts) => Answers]>;

/** The page's file (export/page.py). */
interface File extends PageWords {
  readonly kind: keyof typeof KINDS;
  readonly traits: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly decoder: (Opening & { readonly speech: Speech; readonly plane: Flat | null }) | null;
}

const textOf = (id: string): string => document.getElementById(id)?.textContent ?? "";

/** Instruments and WebGL stay with the notebook: the built-in sound and a plain canvas do. */
function asset({ name }: Record<string, unknown>): never {
  throw new Limit(String(name));
}

function openFile({ decoder }: File): Decode | null {
  if (!decoder) {
    document.body.dataset.decoder = "none";
    return null;
  }
  const weights = (decoder.weights as unknown as DataView).buffer as ArrayBuffer;
  const { decode, where } = openDecoder({ ...decoder, weights }, decoder.speech, textOf("mv-worker"));
  void where.then((place) => {
    document.body.dataset.decoder = place;
  });
  return decode;
}

function start(main: HTMLElement): void {
  const file = revive(JSON.parse(textOf("mv-file"))) as File;
  const [widget, answers] = KINDS[file.kind] ?? [];
  if (!widget || !answers) throw new Error(`"${file.kind}"`);
  const model = new StandaloneModel(file.traits);
  const { t }: { t: Translate } = readersLanguage(String(file.traits.language));
  const plane = file.decoder?.plane ?? null;
  const parts: Parts = { model, data: file.data, decode: openFile(file), plane, t };
  model.answer({ ...answers(parts), asset }, () => limit(parts, "page.notebook"));
  const { initialize, render } = widget();
  initialize({ model });
  render({ model, el: buildPage(main, file, t) });
  // For a lesson's own scripts: the music as traits, and the decoder.
  Object.assign(globalThis, { mvaePage: { model, decode: parts.decode } });
}

const main = document.querySelector("main");
if (main) {
  try {
    start(main);
    document.body.dataset.ready = "true";
  } catch (error) {
    sayDamaged(main, (error as Error).message);
  }
}
