/** What every widget has: head, stage, status line, transport, theme, language, width, frames. */

import type { Assets } from "../audio/engine";
import { Player, type Playing, type Programme } from "../audio/player";
import { Seats } from "../audio/seats";
import type { Place } from "../core/clip";
import { type Language, languageOf, type Translate, translator } from "../core/i18n";
import { mixOf, type TrackMix, withTrack } from "../core/mix";
import type { Look } from "../core/palette";
import type { Region } from "../core/play-time";
import type { CommonActions, CommonProps, Status } from "../core/props";
import { retold } from "../core/retell";
import type { MeterMap } from "../core/time";
import { trackName } from "../core/track-names";
import type { Work } from "../core/work";
import { freshId, h, put } from "../ui/dom";
import { Head } from "../ui/head";
import { LiveRegion } from "../ui/live";
import { StatusLine } from "../ui/status";
import { lookOn, surfaceUnder, watchTheme } from "../ui/theme";
import { TrackChips } from "../ui/track-chips";
import { TransportBar } from "../ui/transport-bar";
import { MidiMenu } from "./midi-menu";
import type { StageHost } from "./piano-roll/stage";

export type { Playing, Seats };

export type MakePlayer = (assets: Assets, programme: Programme) => Playing;

/** The sound of one widget model, shared by its views. */
export const createPlayer: MakePlayer = (assets, programme) => new Player(assets, programme);

/** The sound of a Studio, which its parts share. */
export const createSeats = (assets: Assets, programme: Programme): Seats =>
  new Seats(createPlayer(assets, programme), programme);

/** The part of a player that a stage needs. */
export type StageSound = Pick<Playing, "playing" | "position" | "seek" | "toggle">;

/** What a stage needs of a shell: frames, the live region, the loop, solo and mute of the tracks. */
export const stageParts = (shell: () => Shell): Omit<StageHost, "sound"> => ({
  request: () => shell().request(),
  announce: (text) => shell().announce(text),
  loop: {
    get region() {
      return shell().region;
    },
    get looping() {
      return shell().looping;
    },
    loop: (region) => shell().loop(region),
  },
  chips: (track) => shell().chips(track),
});

/** What a view has to say about itself. */
export interface Words {
  readonly title: string;
  readonly meta: string;
  /** Said while nothing else is. */
  readonly idle: Status | null;
  /** What the status line says instead of the props' status. */
  readonly status?: Status | null;
}

/** What a view does for its shell. */
export interface ShellView {
  resize(width: number): void;
  paint(look: Look): void;
  /** One frame; gives back whether another is wanted. */
  frame(now: number): boolean;
  readonly meter: MeterMap;
}

const NARROW = 700;
const TINY = 420;
/** Milliseconds between two values of data-playhead. */
const PLAYHEAD = 100;

export class Shell {
  readonly root = h("div", "mv-root", { "data-lm-suppress-shortcuts": "true", role: "group" });
  readonly head: Head;
  readonly body = h("div", "mv-body");
  readonly bar: TransportBar;
  readonly player: Playing;
  /** Whether it is a part of a Studio, which has the transport and the room. */
  readonly part: boolean;
  readonly #status = new StatusLine();
  readonly #live = new LiveRegion();
  readonly #midi = new MidiMenu(() => this.#heard());
  readonly #chips = new Map<number, TrackChips>();
  readonly #actions: CommonActions;
  readonly #view: ShellView;
  readonly #work: Work | undefined;
  readonly #leave: (() => void)[] = [];
  #props: CommonProps | undefined;
  #place: Place = null;
  #idle: Status | null = null;
  #told: Status | null = null;
  #t: Translate = translator("en");
  #frame = 0;
  #stamp = -1e9;
  #width = 0;

  /** @param work What the view asks of the kernel, where it asks anything. */
  constructor(el: HTMLElement, player: Playing, actions: CommonActions, view: ShellView, work?: Work) {
    this.player = player;
    this.part = el.closest(".mv-studio") !== null;
    this.#view = view;
    this.#work = work;
    const titleId = freshId("title");
    this.head = new Head(titleId);
    this.root.setAttribute("aria-labelledby", titleId);
    this.#actions = actions;
    this.bar = new TransportBar({
      ...actions,
      toggle: () => player.toggle(),
      stop: () => player.stop(),
      track: (track, change) => this.#mix(track, change),
      midiOpened: () => void this.#midi.look(),
      midi: (id) => this.#midi.choose(id),
    });
    this.root.append(this.head.el, this.body, this.#status.el, this.bar.el, this.#live.el);
    el.append(this.root);

    const observer = new ResizeObserver(() => this.#measure());
    observer.observe(this.root);
    const ready = () => player.ready();
    this.root.addEventListener("pointerenter", ready);
    this.root.addEventListener("focusin", ready);
    const wake = () => player.wake();
    this.root.addEventListener("click", wake, true);
    this.root.addEventListener("keydown", wake, true);
    this.#leave.push(
      () => observer.disconnect(),
      player.changed.on(() => this.#heard()),
      work?.changed.on(() => this.#heard()) ?? (() => {}),
      watchTheme(this.root, () => this.#paint()),
      watchPixels(() => this.#paint()),
    );
  }

  get t(): Translate {
    return this.#t;
  }

  get language(): Language {
    const setting = this.#props?.language ?? "auto";
    return languageOf(setting, document.documentElement.lang, globalThis.navigator?.language ?? "en");
  }

  /** Takes the props that all widgets share, the clip's place, and the view's words in the reader's language. */
  update(props: CommonProps, place: Place, words: (t: Translate) => Words): void {
    const repaint =
      !this.#props || this.#props.theme !== props.theme || this.#place?.join() !== place?.join();
    this.#props = props;
    this.#place = place;
    const language = this.language;
    this.#t = translator(language);
    put(this.root, "lang", language === "zh" ? "zh-CN" : "en");
    const { title, meta, idle, status } = words(this.#t);
    this.#idle = idle;
    this.#told = status === undefined ? props.status : status;
    this.head.update(title, meta);
    this.#heard();
    if (repaint) this.#paint();
  }

  announce(text: string): void {
    this.#live.say(text);
  }

  get region(): Region {
    return this.#props?.region ?? null;
  }

  get looping(): boolean {
    return this.#props?.loop === true;
  }

  /** Loops a region; null loops over all. */
  loop(region: Region): void {
    this.#actions.region(region);
    if (region) this.#actions.loop(true);
  }

  /** Solo and mute of a track, for the view to put beside its lane. */
  chips(track: number): HTMLElement {
    const chips = this.#chips.get(track) ?? new TrackChips((change) => this.#mix(track, change));
    this.#chips.set(track, chips);
    this.#label(chips, track);
    return chips.el;
  }

  request(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = -1;
    for (const leave of this.#leave) leave();
    this.#midi.dispose();
    this.#live.dispose();
    this.root.remove();
  }

  #mix(track: number, change: Partial<TrackMix>): void {
    if (this.#props) this.#actions.mix(withTrack(this.#props.mix, track, change));
  }

  #label(chips: TrackChips, track: number): void {
    const known = this.player.tracks[track];
    if (known) chips.update(mixOf(this.#props?.mix ?? [], track), trackName(this.#t, known), this.#t);
  }

  /** The player has something new: button, status line, playhead. */
  #heard(): void {
    const props = this.#props;
    if (!props) return;
    const { playing, engine } = this.player;
    const { loop, tempo, volume, swing, metronome, countIn, mix } = props;
    const { tracks } = this.player;
    const midi = this.#midi.state;
    const all = { playing, loop, tempo, volume, swing, metronome, countIn, mix, tracks, midi };
    this.bar.update(all, this.#t);
    for (const [track, chips] of this.#chips) this.#label(chips, track);
    this.#status.update(retold(this.#speak(), this.language));
    put(this.root, "data-playing", playing ? "true" : "false");
    put(this.root, "data-engine", engine);
    this.#stamp = -1e9;
    this.request();
  }

  /** What the status line says: errors first, then the kernel, then why a click gave no sound, then the rest. */
  #speak(): Status | null {
    const t = this.#t;
    const notice = this.player.notice;
    const told = this.#told;
    const silent = notice?.kind === "none" || notice?.kind === "blocked";
    const trouble = this.#midi.trouble;
    if (trouble) return { kind: "info", text: t(`midi.${trouble}`), hint: t(`midi.${trouble}.hint`) };
    const strain = this.#work?.strain;
    if (strain?.kind === "failed") return strain.status;
    // A view that is busy itself knows better what is waited for.
    if (strain?.kind === "waiting" && told?.kind === "busy") return told;
    if (told?.kind === "error") return told;
    if (strain?.kind === "working")
      return { kind: "busy", text: t("page.decoding"), hint: t("page.decoding.hint") };
    if (strain)
      return strain.kind === "waiting"
        ? { kind: "busy", text: t("work.busy"), hint: t("work.busy.hint") }
        : { kind: "gone", text: t("work.gone"), hint: t("work.gone.hint") };
    if (told && !silent) return told;
    switch (notice?.kind) {
      case "none":
        return { kind: "warning", text: t("audio.none"), hint: t("audio.none.hint") };
      case "blocked":
        return { kind: "info", text: t("audio.blocked"), hint: t("audio.blocked.hint") };
      case "waiting":
        return { kind: "busy", text: t("kernel.busy"), hint: t("kernel.busy.hint") };
      case "gone":
        return { kind: "gone", text: t("kernel.gone"), hint: t("kernel.gone.hint") };
      case "failed":
        return {
          kind: "warning",
          text: notice.text || t("audio.failed"),
          hint: notice.hint || t("audio.failed.hint"),
        };
      default:
        return this.#idle;
    }
  }

  #measure(): void {
    const width = Math.floor(this.body.clientWidth);
    if (width <= 0 || width === this.#width) return;
    this.#width = width;
    this.root.classList.toggle("mv-narrow", width < NARROW);
    this.root.classList.toggle("mv-tiny", width < TINY);
    this.#view.resize(width);
    this.#paint();
  }

  #paint(): void {
    if (!this.root.isConnected) return;
    // Our own paper lies on the root: look past it, at the host's.
    const surface = surfaceUnder(this.root.parentElement ?? this.root, this.#props?.theme ?? "auto");
    const look = lookOn(surface);
    put(this.root, "data-theme", surface.theme);
    this.root.classList.toggle("mv-own-paper", surface.own);
    if (surface.paper && !surface.own && !surface.forced)
      this.root.style.setProperty("--mv-paper", surface.paper);
    else this.root.style.removeProperty("--mv-paper");
    this.head.paint(this.#place, look);
    this.#view.paint(look);
    this.#measure();
    this.request();
  }

  #tick(now: number): void {
    this.#frame = 0;
    const moving = this.#view.frame(now);
    const position = this.player.position;
    if (now - this.#stamp >= PLAYHEAD || !this.player.playing) {
      this.#stamp = now;
      put(this.root, "data-playhead", position.toFixed(3));
    }
    this.bar.place(position, this.#view.meter, this.#t);
    if (moving || this.player.playing) this.request();
  }
}

/** Calls back when the window moves to a screen of another density, or the page is zoomed. */
function watchPixels(changed: () => void): () => void {
  let leave = () => {};
  const watch = () => {
    const query = matchMedia(`(resolution: ${globalThis.devicePixelRatio}dppx)`);
    const on = () => {
      leave();
      watch();
      changed();
    };
    query.addEventListener("change", on);
    leave = () => query.removeEventListener("change", on);
  };
  watch();
  return () => leave();
}
