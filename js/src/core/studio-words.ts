/** What the Studio says of a clip. */

import type { Key, Translate } from "./i18n";
import type { Current } from "./studio-props";

const figure = (value: unknown): number => Math.round(Number(value) * 10) / 10;
const text = (value: unknown): string => (typeof value === "string" ? value : "");
/** A clip of a map without titles is called by its number. */
const isNumber = (title: string): boolean => /^\d+$/.test(title);

/** "Soldier's Joy", else "pad, row 4 column 3", "slider, step 4 of 8", else its number in the tray. */
export function nameOf(t: Translate, { part, title, args }: Current, id: unknown = args.id): string {
  if (title !== "" && !isNumber(title)) return title;
  return (
    fromWords(t, part, args) ||
    (id === undefined ? t("studio.untitled") : t("studio.numbered", { n: Number(id) }))
  );
}

/** Name, where it comes from, and its cost. */
export function currentWords(t: Translate, current: Current): string {
  const { part, title, args } = current;
  const cost = typeof args.cost === "number" ? t("studio.cost", { n: args.cost.toFixed(2) }) : "";
  const from = title === "" || isNumber(title) ? "" : fromWords(t, part, { ...args, of: "" });
  return [nameOf(t, current), from, cost].filter(Boolean).join(" · ");
}

function fromWords(t: Translate, part: string, args: Current["args"]): string {
  if (part === "pad")
    return t("studio.from.pad", { row: figure(args.row) + 1, column: figure(args.column) + 1 });
  if (part === "slider")
    return t("studio.from.slider", { step: figure(args.step), last: Math.max(1, Number(args.steps) - 1) });
  const of = text(args.of);
  if (part === "knobs" || part === "roll")
    return of ? t(`studio.from.${part}.of`, { of }) : t(`studio.from.${part}`);
  return part === "map" || part === "vary" || part === "draw" ? t(`studio.from.${part}` as Key) : "";
}
