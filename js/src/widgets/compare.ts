import { EMPTY_CLIP } from "../core/clip";
import type { CompareProps } from "../core/compare-props";
import { compareReader } from "../host/compare-traits";
import { Later } from "../host/later";
import type { Model } from "../host/model";
import { mountView, openSession, type Session } from "../host/session";
import { CompareView } from "../views/compare/view";
import { createPlayer, type Player } from "../views/shell";

/** What is chosen, and after it the rest. */
function sounding({ clips, places, value }: CompareProps) {
  const clip = clips[value] ?? EMPTY_CLIP;
  return { clip, place: places[value] ?? null, likely: [clip, ...clips.filter((other) => other !== clip)] };
}

/** Called once a widget model: its views share what is opened here. */
export default () => {
  let session: Session<CompareProps, Player> | undefined;
  const open = (model: Model) => {
    if (session) return session;
    const later = new Later(model, { all: { notes: "_notes", offsets: "_offsets" } });
    const opened = openSession(model, compareReader(model, later), sounding, createPlayer);
    const leave = later.fetch(opened);
    const dispose = () => {
      leave();
      opened.dispose();
    };
    session = { ...opened, dispose };
    return session;
  };
  return {
    initialize({ model }: { model: Model }) {
      open(model);
      return () => {
        session?.dispose();
        session = undefined;
      };
    },
    render({ model, el }: { model: Model; el: HTMLElement }) {
      const { player, actions, reader, saver, work, touched } = open(model);
      const choose = (value: number) => saver.set("value", value);
      return mountView(model, reader, new CompareView(el, player, work, { ...actions, choose }), touched);
    },
  };
};
