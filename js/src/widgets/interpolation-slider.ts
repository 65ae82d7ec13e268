import { EMPTY_CLIP } from "../core/clip";
import type { InterpolationProps } from "../core/props";
import type { Model } from "../host/model";
import { mountView, openSession, type Session } from "../host/session";
import { interpolationReader } from "../host/traits";
import { InterpolationView } from "../views/interpolation/view";
import { createPlayer, type Player } from "../views/shell";

/** The current step's clip, and all of them by their distance from it: the likeliest first. */
function sounding({ steps, step }: InterpolationProps) {
  const far = new Map(steps.map((item, index) => [item, Math.abs(index - step)]));
  const likely = [...steps].sort((a, b) => (far.get(a) ?? 0) - (far.get(b) ?? 0));
  return { clip: steps[step] ?? EMPTY_CLIP, likely };
}

/** Called once a widget model: its views share what is opened here. */
export default () => {
  let session: Session<InterpolationProps, Player> | undefined;
  const open = (model: Model) => {
    session ??= openSession(model, interpolationReader(model), sounding, createPlayer);
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
      const { player, actions, reader, saver } = open(model);
      const step = (index: number) => saver.set("value", index / Math.max(1, reader.read().steps.length - 1));
      return mountView(model, reader, new InterpolationView(el, player, { ...actions, step }));
    },
  };
};
