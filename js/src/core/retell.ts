/**
 * What the kernel says, in the reader's language.
 *
 * The kernel speaks English. The sentences that belong to the widgets' speech stand in the tables as templates, whole
 * ones under `said.` and parts of them under `part.`; what matches one is said again by the template of the same key.
 */

import { type Language, TABLES, translator } from "./i18n";
import type { Status } from "./props";
import { namedIn } from "./track-names";

interface Template {
  readonly key: keyof (typeof TABLES)["en"];
  readonly names: readonly string[];
  readonly pattern: RegExp;
  /** Letters that must stand there: the more, the surer the match. */
  readonly weight: number;
}

const HOLE = /\{(\w+)\}/g;
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

let known: readonly Template[] | undefined;

function templates(): readonly Template[] {
  known ??= (Object.entries(TABLES.en) as [Template["key"], string][])
    .filter(([key]) => /^(said|part)\./.test(key))
    .map(([key, text]) => {
      const pieces = text.split(HOLE);
      const names = pieces.filter((_, index) => index % 2 === 1);
      // {n} is a number, anything else any text.
      const source = pieces.map((piece, index) =>
        index % 2 === 0 ? literally(piece) : piece === "n" ? "(\\d[\\d,]*)" : "(.+?)",
      );
      return {
        key,
        names,
        pattern: new RegExp(`^${source.join("")}$`, "s"),
        weight: text.replace(HOLE, "").length,
      };
    })
    .sort((a, b) => b.weight - a.weight);
  return known;
}

/** A text of the kernel, said again; as it is where no template fits. */
export function retell(text: string, language: Language, room: "said" | "part" = "said"): string {
  if (language === "en" || text === "") return text;
  for (const { key, names, pattern } of templates()) {
    if (room === "said" && !key.startsWith("said.")) continue;
    const match = pattern.exec(text);
    if (!match) continue;
    const values = new Map(
      names.map((name, index) => [name, retell(match[index + 1] ?? "", language, "part")]),
    );
    return TABLES[language][key].replace(HOLE, (hole, name: string) => values.get(name) ?? hole);
  }
  return (room === "part" && namedIn(translator(language), text)) || text;
}

export const retold = (status: Status | null, language: Language): Status | null =>
  status && { ...status, text: retell(status.text, language), hint: retell(status.hint, language) };
