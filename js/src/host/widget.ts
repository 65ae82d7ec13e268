/** A widget as anywidget loads it: opened once a model, shown once a view. */

import type { CommonProps } from "../core/props";
import type { Model } from "./model";
import { mountView, type Session } from "./session";

interface View<Props> {
  update(props: Props): void;
  dispose(): void;
}

/**
 * A widget: give it what makes its player, and it is what anywidget opens.
 *
 * @param open What the views of a model share; disposed of with the model.
 * @param show Makes a view in an element.
 */
export function widget<Props extends CommonProps, Opened extends Session<Props, unknown>, MakePlayer>(
  open: (model: Model, makePlayer: MakePlayer) => Opened,
  show: (opened: Opened, el: HTMLElement) => View<Props>,
) {
  return (makePlayer: MakePlayer) => {
    let opened: Opened | undefined;
    const ready = (model: Model) => {
      opened ??= open(model, makePlayer);
      return opened;
    };
    return {
      initialize({ model }: { model: Model }) {
        ready(model);
        return () => {
          opened?.dispose();
          opened = undefined;
        };
      },
      render({ model, el }: { model: Model; el: HTMLElement }) {
        const now = ready(model);
        return mountView(model, now.reader, show(now, el), now.touched);
      },
    };
  };
}

/** A session that leaves what else was joined before it closes. */
export function closing<S extends { dispose(): void }>(session: S, ...leave: (() => void)[]): S {
  const dispose = () => {
    for (const off of leave) off();
    session.dispose();
  };
  return { ...session, dispose };
}
