/** What the views of one model share, and how a view lives on a model. */

import { publish } from "../core/bus";
import type { Clip, Place } from "../core/clip";
import { Emitter } from "../core/emitter";
import { writeMix } from "../core/mix";
import type { CommonActions, CommonProps } from "../core/props";
import { Work } from "../core/work";
import { Channel } from "./channel";
import type { Model } from "./model";
import { fetchAsset, fetchFile, Rpc } from "./rpc";
import { Saver } from "./saver";
import { number, type Reader, text } from "./traits";

export interface Sounding {
  readonly clip: Clip;
  /** What widgets that follow this one show, where that is not what sounds. */
  readonly shown?: Clip;
  /** Clips likely to be asked for next, the likeliest first. */
  readonly likely?: readonly Clip[];
  /** Whether a change is heard at once, and not from the next bar line. */
  readonly soon?: boolean;
  /** Where the clip lies: widgets that follow this one show it there. */
  readonly place?: Place;
}

type Programme = Sounding &
  Pick<CommonProps, "tempo" | "loop" | "volume" | "region" | "swing" | "metronome" | "countIn" | "mix"> & {
    readonly bank: string;
    readonly group: string;
  };

/** What a session needs of a player. */
interface Sound {
  readonly changed: Emitter;
  readonly playing: boolean;
  /** When it began, for those that play together with it; 0 once it was stopped. */
  readonly since: number;
  play(options?: { since?: number }): Promise<void>;
  pause(): void;
  set(programme: Programme): void;
  dispose(): void;
}

export interface Session<Props, Player> {
  readonly player: Player;
  readonly saver: Saver;
  readonly actions: CommonActions;
  readonly reader: Reader<Props>;
  readonly work: Work;
  /** A way to ask the kernel; one name is one channel for all views. */
  channel(name: string): Channel;
  /** A file of the package, such as "engine.js". */
  asset(name: string): Promise<ArrayBuffer>;
  /** A file that an operation makes, and what it said of it. */
  file(
    op: string,
    args: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly bytes: ArrayBuffer; readonly told: Readonly<Record<string, unknown>> }>;
  /** Props that `reader` takes from the page and not from traits have changed: player and views follow. */
  touch(): void;
  readonly touched: Emitter;
  dispose(): void;
}

/** Runs once for all calls within one turn: a message from the kernel changes several traits. */
function together(run: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      run();
    });
  };
}

function listen(model: Model, traits: readonly string[], listener: () => void): () => void {
  for (const trait of traits) model.on(`change:${trait}`, listener);
  return () => {
    for (const trait of traits) model.off(`change:${trait}`, listener);
  };
}

/** Opens a model: its way to the kernel, its player, and `playing`, which goes both ways. */
export function openSession<Props extends CommonProps, Player extends Sound>(
  model: Model,
  reader: Reader<Props>,
  sounding: (props: Props) => Sounding,
  createPlayer: (assets: (name: string) => Promise<ArrayBuffer>, programme: Programme) => Player,
): Session<Props, Player> {
  const rpc = new Rpc(model);
  const saver = new Saver(model);
  const work = new Work();
  const touched = new Emitter();
  const channels = new Map<string, Channel>();
  const asset = (name: string) => fetchAsset(rpc, name);
  const programme = (): Programme => {
    const props = reader.read();
    const { tempo, loop, volume, region, swing, metronome, countIn, mix } = props;
    const [bank, group] = [text(model.get("_bank")), text(model.get("_together"))];
    return { ...sounding(props), tempo, loop, volume, region, swing, metronome, countIn, mix, bank, group };
  };
  const player = createPlayer(asset, programme());
  const obey = () => {
    const wanted = model.get("playing") === true;
    if (wanted && !player.playing) void player.play();
    else if (!wanted && player.playing) player.pause();
  };
  /** Those that play together are told by the kernel, where each is in a frame of its own. */
  const fallIn = () => {
    const since = number(model.get("_since"), 0);
    if (since === player.since || !model.get("_together")) return;
    if (since > 0 && !player.playing) void player.play({ since });
    else if (since === 0) player.pause();
  };
  let told = 0;
  const heard = () => {
    const { since } = player;
    if (model.get("_together") && since !== told) saver.set("_since", since);
    told = since;
    saver.set("playing", player.playing);
  };
  const save = (name: string) => (value: unknown) => saver.set(name, value);
  // A notebook that was saved while it played does not start by itself.
  saver.set("playing", false);
  const follow = together(() => {
    const now = programme();
    player.set(now);
    const topic = model.get("_topic");
    if (topic) publish(String(topic), { clip: now.shown ?? now.clip, place: now.place ?? null });
  });
  const leave = [
    player.changed.on(heard),
    touched.on(follow),
    listen(model, reader.traits, follow),
    listen(model, ["_bank", "_together"], follow),
    listen(model, ["playing"], obey),
    listen(model, ["_since"], fallIn),
  ];
  return {
    player,
    saver,
    reader,
    work,
    touched,
    touch: () => touched.emit(),
    asset,
    file: (op, args) => fetchFile(rpc, op, args),
    channel(name) {
      const known = channels.get(name) ?? new Channel(rpc, work, name);
      channels.set(name, known);
      return known;
    },
    actions: {
      tempo: save("tempo"),
      volume: save("volume"),
      loop: save("loop"),
      region: (region) => saver.set("loop_region", region ? [...region] : []),
      swing: save("swing"),
      metronome: save("metronome"),
      countIn: save("count_in"),
      mix: (mix) => saver.set("mix", writeMix(mix)),
    },
    dispose() {
      player.dispose();
      for (const off of leave) off();
      saver.dispose();
      rpc.dispose();
    },
  };
}

/** Shows a view: draws it now, and after every change of the model until it is disposed of. */
export function mountView<Props>(
  model: Model,
  reader: Reader<Props>,
  view: { update(props: Props): void; dispose(): void },
  touched?: Emitter,
): () => void {
  let gone = false;
  const draw = () => {
    if (!gone) view.update(reader.read());
  };
  const soon = together(draw);
  const leave = [listen(model, reader.traits, soon), touched?.on(soon)];
  draw();
  return () => {
    gone = true;
    for (const off of leave) off?.();
    view.dispose();
  };
}
