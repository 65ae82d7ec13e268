import { type PadProps, spotOf } from "../core/interpolation-pad-props";
import { PadModel } from "../host/interpolation-pad-traits";
import { openSession } from "../host/session";
import { closing, widget } from "../host/widget";
import { InterpolationPadView } from "../views/interpolation-pad/view";
import { createPlayer, type MakePlayer } from "../views/shell";

/** Cells are rendered ahead for so many quarters in all. */
const AHEAD = 256;

/** The path or the current cell, and the cells by their distance from it: the likeliest first. */
function sounding({ n, cells, value, path, along, piece, shown }: PadProps) {
  const clip = along && piece ? piece : shown.clip;
  const far = (cell: number) => Math.hypot(spotOf(cell, n)[0] - value[0], spotOf(cell, n)[1] - value[1]);
  const room = Math.max(4, Math.floor(AHEAD / Math.max(1, shown.clip.score.quarters)));
  const near = cells.map((_, cell) => cell).sort((a, b) => far(a) - far(b));
  const likely = along ? path.map((cell) => cells[cell]) : near.slice(0, room).map((cell) => cells[cell]);
  const first = piece && !along ? [piece] : [];
  return {
    clip,
    shown: shown.clip,
    place: shown.place,
    likely: [...first, ...likely].filter((c) => c !== undefined),
  };
}

export const interpolationPad = widget(
  (model, makePlayer: MakePlayer) => {
    const pad = new PadModel(model);
    const session = openSession(model, pad.reader, sounding, makePlayer);
    pad.join(session);
    return { ...closing(session, () => pad.dispose()), actions: pad.actions(session.actions) };
  },
  ({ player, actions, work }, el) => new InterpolationPadView(el, player, actions, work),
);

export default () => interpolationPad(createPlayer);
