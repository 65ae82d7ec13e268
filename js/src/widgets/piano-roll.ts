import type { Shown } from "../core/bus";
import type { PianoRollProps } from "../core/props";
import { followOthers } from "../host/follow";
import type { Model } from "../host/model";
import { mountView, openSession, type Session } from "../host/session";
import { pianoRollReader } from "../host/traits";
import { PianoRollView } from "../views/piano-roll/view";
import { createPlayer, type Player } from "../views/shell";

/** Called once a widget model: its views share what is opened here. */
export default () => {
  let session: Session<PianoRollProps, Player> | undefined;
  let leave = () => {};
  const open = (model: Model) => {
    if (session) return session;
    // What a widget that this one follows shows, until the kernel has brought the same.
    let followed: Shown | null = null;
    session = openSession(
      model,
      pianoRollReader(model, () => followed),
      ({ clip, place }) => ({ clip, place }),
      createPlayer,
    );
    const touch = session.touch;
    leave = followOthers(model, (shown) => {
      followed = shown;
      touch();
    });
    return session;
  };
  return {
    initialize({ model }: { model: Model }) {
      open(model);
      return () => {
        leave();
        session?.dispose();
        session = undefined;
      };
    },
    render({ model, el }: { model: Model; el: HTMLElement }) {
      const { player, actions, reader, touched } = open(model);
      return mountView(model, reader, new PianoRollView(el, player, actions), touched);
    },
  };
};
