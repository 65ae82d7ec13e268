import { EMPTY_CLIP } from "../core/clip";
import type { MapProps } from "../core/latent-scatter-props";
import { MapModel } from "../host/latent-scatter-traits";
import type { Model } from "../host/model";
import { mountView, openSession, type Session } from "../host/session";
import { LatentScatterView } from "../views/latent-scatter/view";
import { createPlayer, type Player } from "../views/shell";

/** What the pointer is on, where that is heard; else the current clip, which others follow. */
function sounding({ heard, here }: MapProps) {
  const clip = heard?.clip ?? here?.clip ?? EMPTY_CLIP;
  return { clip, shown: here?.clip ?? EMPTY_CLIP, place: here?.place ?? null };
}

/** Called once a widget model: its views share what is opened here. */
export default () => {
  let session: Session<MapProps, Player> | undefined;
  let map: MapModel | undefined;
  const open = (model: Model) => {
    map ??= new MapModel(model);
    if (!session) {
      session = openSession(model, map.reader, sounding, createPlayer);
      map.join(session);
    }
    return { ...session, actions: map.actions(session.actions) };
  };
  return {
    initialize({ model }: { model: Model }) {
      open(model);
      return () => {
        map?.dispose();
        session?.dispose();
        session = undefined;
        map = undefined;
      };
    },
    render({ model, el }: { model: Model; el: HTMLElement }) {
      const { player, actions, reader, touched, work, asset } = open(model);
      return mountView(model, reader, new LatentScatterView(el, player, actions, work, asset), touched);
    },
  };
};
