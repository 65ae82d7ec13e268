/** What the pad says. */

import { counted, type Translate } from "../../core/i18n";
import { LETTERS, onCell, percentages, type Spot, weightsAt } from "../../core/interpolation-pad-props";

const figure = (at: number): string => String(Math.round(10 * (at + 1)) / 10);

/** "row 4, column 3", counted from 1; between cells in tenths. */
export const whereText = (t: Translate, [row, column]: Spot): string =>
  t("pad.where", { row: figure(row), column: figure(column) });

/** "A 33%, B 17%": the corners that have a share. */
export function weightsText(t: Translate, spot: Spot, n: number): string {
  const parts = percentages(weightsAt(spot, n)).map((share, k) => [LETTERS[k] as string, share] as const);
  return parts
    .filter(([, share]) => share > 0)
    .map(([letter, n]) => t("pad.weight", { letter, n }))
    .join(t("pad.comma"));
}

/** "row 4 of 7, column 3: A 33%, B 17%, C 33%, D 17%". */
export function spotText(t: Translate, spot: Spot, n: number): string {
  const weights = weightsText(t, spot, n);
  if (!onCell(spot)) return t("pad.spoken.between", { where: whereText(t, spot), weights });
  return t("pad.spoken", { row: spot[0] + 1, column: spot[1] + 1, n, weights });
}

/** "7 clips · 14 bars". */
export const pathText = (t: Translate, clips: number, bars: number): string =>
  clips === 0 ? "" : `${counted(t, "pad.clips", clips)} · ${counted(t, "bars", clips * bars)}`;
