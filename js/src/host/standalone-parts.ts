/** What the answers of a page are made from. */

import type { Decode } from "../core/decoding";
import type { Key, Values } from "../core/i18n";
import type { Flat } from "../core/latent";
import { Limit, type StandaloneModel } from "./standalone";

/** A page's file, beside the traits. */
export interface Parts {
  readonly model: StandaloneModel;
  /** What the widget's kind needs (widgets/pages.py). */
  readonly data: Readonly<Record<string, unknown>>;
  /** Null where the page does not decode. */
  readonly decode: Decode | null;
  readonly plane: Flat | null;
  /** In the reader's language. */
  readonly t: (key: Key, values?: Values) => string;
}

type Limits = "page.notebook" | "page.studio" | "page.file" | "page.data" | "page.some" | "page.together";

export const limit = ({ t }: Pick<Parts, "t">, key: Limits, values?: Values): Limit =>
  new Limit(t(key, values), t(`${key}.hint`));

/** The way to decode; a `Limit` where there is none. */
export function decoder(parts: Parts): Decode {
  if (!parts.decode) throw limit(parts, "page.notebook");
  return parts.decode;
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const numbers = (value: unknown): number[] => list(value).map(Number);
export const record = (value: unknown): Record<string, unknown> => (value ?? {}) as Record<string, unknown>;
