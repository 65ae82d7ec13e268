import { EMPTY_CLIP } from "../core/clip";
import type { CompareProps } from "../core/compare-props";
import { compareReader } from "../host/compare-traits";
import { Later } from "../host/later";
import { openSession } from "../host/session";
import { closing, widget } from "../host/widget";
import { CompareView } from "../views/compare/view";
import { createPlayer, type MakePlayer } from "../views/shell";

/** What is chosen, and after it the rest. */
function sounding({ clips, places, value }: CompareProps) {
  const clip = clips[value] ?? EMPTY_CLIP;
  return { clip, place: places[value] ?? null, likely: [clip, ...clips.filter((other) => other !== clip)] };
}

export const compare = widget(
  (model, makePlayer: MakePlayer) => {
    const later = new Later(model, { all: { notes: "_notes", offsets: "_offsets" } });
    const session = openSession(model, compareReader(model, later), sounding, makePlayer);
    return closing(session, later.fetch(session));
  },
  ({ player, actions, saver, work }, el) =>
    new CompareView(el, player, work, { ...actions, choose: (value: number) => saver.set("value", value) }),
);

export default () => compare(createPlayer);
