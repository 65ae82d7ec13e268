import type { PianoRollProps } from "../core/props";
import type { Model } from "../host/model";
import { mountView, openSession, type Session } from "../host/session";
import { pianoRollReader } from "../host/traits";
import { PianoRollView } from "../views/piano-roll/view";
import { createPlayer, type Player } from "../views/shell";

/** Called once a widget model: its views share what is opened here. */
export default () => {
  let session: Session<PianoRollProps, Player> | undefined;
  const open = (model: Model) => {
    session ??= openSession(model, pianoRollReader(model), ({ clip }) => ({ clip }), createPlayer);
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
      const { player, actions, reader } = open(model);
      return mountView(model, reader, new PianoRollView(el, player, actions));
    },
  };
};
