import { EMPTY_CLIP } from "../core/clip";
import type { MapProps } from "../core/latent-scatter-props";
import { MapModel } from "../host/latent-scatter-traits";
import { openSession } from "../host/session";
import { closing, widget } from "../host/widget";
import { LatentScatterView } from "../views/latent-scatter/view";
import { createPlayer, type MakePlayer } from "../views/shell";

/** What the pointer is on, where that is heard; else the current clip, which others follow. */
function sounding({ heard, here }: MapProps) {
  const clip = heard?.clip ?? here?.clip ?? EMPTY_CLIP;
  return { clip, shown: here?.clip ?? EMPTY_CLIP, place: here?.place ?? null };
}

export const latentScatter = widget(
  (model, makePlayer: MakePlayer) => {
    const map = new MapModel(model);
    const session = openSession(model, map.reader, sounding, makePlayer);
    map.join(session);
    return { ...closing(session, () => map.dispose()), actions: map.actions(session.actions) };
  },
  ({ player, actions, work, asset }, el) => new LatentScatterView(el, player, actions, work, asset),
);

export default () => latentScatter(createPlayer);
