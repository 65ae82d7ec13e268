/** What a track is called on the page. */

import type { Track } from "./clip";
import type { Key, Translate } from "./i18n";

const KNOWN: Readonly<Record<string, Key>> = {
  melody: "track.melody",
  bass: "track.bass",
  drums: "track.drums",
};

export function trackName(t: Translate, { name, program, drum }: Track): string {
  const key = KNOWN[name.trim().toLowerCase()];
  if (key) return t(key);
  if (name) return name;
  if (drum) return t("track.drums");
  return t(program >= 32 && program < 40 ? "track.bass" : "track.melody");
}

/** Names of the 128 General MIDI instruments. */
export const instrumentNames = (t: Translate): string[] => t("instruments").split("|");
