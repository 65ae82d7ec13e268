import type { CompareRow } from "../../core/compare-props";
import type { Translate } from "../../core/i18n";

/** Ends of a mean keep their letters: the label is the tune's title. */
const LETTERS = ["a", "mean", "b"];

export const rowName = (t: Translate, row: CompareRow): string =>
  LETTERS.includes(row.name) || row.label === "" ? t(`compare.${row.name}`) : row.label;
