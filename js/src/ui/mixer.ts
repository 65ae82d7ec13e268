import type { Track } from "../core/clip";
import type { Translate } from "../core/i18n";
import { type Mix, mixOf, type TrackMix } from "../core/mix";
import { instrumentNames, trackName } from "../core/track-names";
import { Choice } from "./choice";
import { h, put, say } from "./dom";
import { TrackChips } from "./track-chips";
import { VolumeWedge } from "./volume";

type Change = (change: Partial<TrackMix>) => void;

/** The tracks one below the other: name, solo and mute, level, instrument. */
export class Mixer {
  readonly el = h("div", "mv-mixer", { role: "group" });
  readonly #changed: (track: number, change: Partial<TrackMix>) => void;
  readonly #rows: Row[] = [];

  constructor(changed: (track: number, change: Partial<TrackMix>) => void) {
    this.#changed = changed;
  }

  update(tracks: readonly Track[], mix: Mix, t: Translate): void {
    put(this.el, "aria-label", t("mixer"));
    while (this.#rows.length > tracks.length) this.#rows.pop()?.el.remove();
    tracks.forEach((track, index) => {
      const row = this.#rows[index] ?? new Row((change) => this.#changed(index, change));
      if (!row.el.parentElement) this.el.append(row.el);
      this.#rows[index] = row;
      row.update(track, mixOf(mix, index), tracks.length > 1, t);
    });
  }
}

class Row {
  readonly el = h("div", "mv-mixer-row");
  readonly #name = h("span", "mv-mixer-name");
  readonly #chips: TrackChips;
  readonly #level: VolumeWedge;
  readonly #instrument: Choice;
  readonly #kit = h("span", "mv-mixer-kit");

  constructor(changed: Change) {
    this.#chips = new TrackChips(changed);
    this.#level = new VolumeWedge((level) => changed({ level }));
    this.#instrument = new Choice((value) => changed({ program: value === "" ? null : Number(value) }));
    this.el.append(this.#name, this.#chips.el, this.#level.el, this.#instrument.el, this.#kit);
  }

  update(track: Track, mix: TrackMix, several: boolean, t: Translate): void {
    const name = trackName(t, track);
    say(this.#name, name);
    put(this.#name, "title", name);
    this.#chips.el.hidden = !several;
    this.#chips.update(mix, name, t);
    const percent = t("volume.value", { n: Math.round(100 * mix.level) });
    this.#level.update(mix.level, t("mixer.level", { name }), percent);
    this.#instrument.el.hidden = track.drum;
    this.#kit.hidden = !track.drum;
    say(this.#kit, t("mixer.kit"));
    if (track.drum) return;
    const names = instrumentNames(t);
    const own = { value: "", text: t("mixer.own", { name: names[track.program] ?? "" }) };
    const options = () => [own, ...names.map((text, program) => ({ value: String(program), text }))];
    const shown = mix.program === null ? own : { value: String(mix.program), text: names[mix.program] ?? "" };
    this.#instrument.update(t("mixer.instrument", { name }), shown, options);
  }
}
