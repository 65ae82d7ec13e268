/** What a track is called on the page. */

import type { Track } from "./clip";
import { type Key, TABLES, type Translate } from "./i18n";

const KNOWN: Readonly<Record<string, Key>> = {
  melody: "track.melody",
  bass: "track.bass",
  drums: "track.drums",
};

/** Programs by the names that the standard gives them, as the kernel says them. */
const STANDARD = new Map(TABLES.en.instruments.split("|").map((name, program) => [name, program]));

export function trackName(t: Translate, { name, program, drum }: Track): string {
  const known = namedIn(t, name);
  if (known || name) return known ?? name;
  if (drum) return t("track.drums");
  return t(program >= 32 && program < 40 ? "track.bass" : "track.melody");
}

/** A name that is no one's own - a part of the models, or a General MIDI instrument - in the language; else null. */
export function namedIn(t: Translate, name: string): string | null {
  const program = STANDARD.get(name);
  if (program !== undefined) return instrumentNames(t)[program] ?? null;
  const key = KNOWN[name.trim().toLowerCase()];
  if (key) return t(key);
  // Of several alike the second is called "Violin 2".
  const [, first, copy] = /^(.+) (\d+)$/.exec(name) ?? [];
  const known = first && namedIn(t, first);
  return known ? `${known} ${copy}` : null;
}

/** Names of the 128 General MIDI instruments. */
export const instrumentNames = (t: Translate): string[] => t("instruments").split("|");
