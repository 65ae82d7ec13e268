import { EMPTY_CLIP } from "../core/clip";
import type { CompareProps } from "../core/compare-props";
import { compareReader } from "../host/compare-traits";
import { Later } from "../host/later";
import { openSession } from "../host/session";
import { closing, widget } from "../host/widget";
import { CompareView } from "../views/compare/view";
import { createPlayer, type MakePlayer } from "../views/shell";

/** What is chosen, and after it what comes next and then the rest. */
function sounding({ clips, places, value }: CompareProps) {
  const clip = clips[value] ?? EMPTY_CLIP;
  return { clip, place: places[value] ?? null, likely: [...clips.slice(value), ...clips.slice(0, value)] };
}

export const compare = widget(
  (model, makePlayer: MakePlayer) => {
    const later = new Later(model, { all: { notes: "_notes", offsets: "_offsets" } });
    const session = openSession(model, compareReader(model, later), sounding, makePlayer);
    /** A playlist goes on with the next piece. */
    const goOn = session.player.ended.on(() => {
      const { kind, clips, value } = session.reader.read();
      if (kind !== "playlist" || value + 1 >= clips.length) return;
      session.saver.set("value", value + 1);
      queueMicrotask(() => void session.player.play());
    });
    return closing(session, goOn, later.fetch(session));
  },
  ({ player, actions, saver, work }, el) =>
    new CompareView(el, player, work, { ...actions, choose: (value: number) => saver.set("value", value) }),
);

export default () => compare(createPlayer);
