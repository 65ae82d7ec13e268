/** The state of editing: tool, grid, selection, the draft in hand; and what buttons and keys do with it. */

import { type Clip, type Note, type Track, tracksOf } from "../../core/clip";
import { describeNote } from "../../core/describe";
import * as edits from "../../core/edits";
import { cellOf, FINEST, type Snap, snapDown, snapNear } from "../../core/edits-grid";
import { type Mend, mended, type Takes } from "../../core/edits-mend";
import { counted, type Translate } from "../../core/i18n";
import * as choice from "../../core/selection";
import { MeterMap } from "../../core/time";
import { adopted, clipboard } from "./clipboard";
import type { Box } from "./paint-notes";

export type Tool = "draw" | "select";

export interface EditorHost {
  change(clip: Clip, merge: boolean): void;
  undo(): void;
  redo(): void;
  /** The draft, the selection or the tool is another: show it. */
  refresh(): void;
  announce(text: string): void;
  hear(note: Note): void;
  readonly position: number;
}

/** Changes of one kind within so many milliseconds are one undo step. */
const BURST = 700;
const VELOCITY = 90;
/** A clip is made no longer than this; nothing that is drawn by hand is. */
const LONGEST = 4096;

export class Editor {
  readonly #host: EditorHost;
  tool: Tool = "draw";
  snap: Snap = "16";
  selected: ReadonlySet<Note> = new Set();
  lasso: Box | null = null;
  caret: choice.Caret | null = null;
  /** The track that keys, paste and recording act on. */
  track = 0;
  takes: Takes | null = null;
  meter = new MeterMap([[0, 4, 4]], 4);
  t: Translate = (key) => key;
  #clip: Clip = { notes: [], score: { quarters: 4, tempos: [], meters: [], tracks: [] } };
  #draft: edits.Draft | null = null;
  /** The note that the arrows go on from. */
  #focus: Note | null = null;
  #reverting = false;
  #burst = { name: "", until: 0 };
  /** Where the next paste goes; null is the playhead. */
  #pasteAt: number | null = null;

  constructor(host: EditorHost) {
    this.#host = host;
  }

  /** Takes the clip as it stands; what an undo brought back is selected. */
  update(clip: Clip, takes: Takes | null, t: Translate): void {
    const before = this.#clip;
    this.#clip = clip;
    this.takes = takes;
    this.t = t;
    if (clip === before) return;
    this.meter = MeterMap.of(clip.score);
    this.track = Math.min(this.track, tracksOf(clip).length - 1);
    this.selected = this.#reverting
      ? choice.fresh(clip.notes, before.notes)
      : choice.kept(this.selected, clip.notes);
    this.#reverting = false;
    if (this.#focus && !clip.notes.includes(this.#focus)) this.#focus = [...this.selected][0] ?? null;
  }

  /** The clip with what is in hand. */
  get clip(): Clip {
    return this.#draft ? { ...this.#clip, notes: this.#draft.notes } : this.#clip;
  }

  get base(): edits.Draft {
    return { notes: this.#clip.notes, selected: this.selected };
  }

  get chosen(): ReadonlySet<Note> {
    return this.#draft?.selected ?? this.selected;
  }

  get bounds(): edits.Bounds {
    return { quarters: this.#clip.score.quarters, mono: this.takes?.mono === true };
  }

  get active(): Track {
    return tracksOf(this.#clip)[this.track] as Track;
  }

  /** A note of the active track. */
  note(start: number, end: number, pitch: number, velocity = VELOCITY, track = this.track): Note {
    const { program, drum } = tracksOf(this.#clip)[track] as Track;
    return { start, end, pitch, velocity, track, program, drum };
  }

  /** Length of a note that is drawn with one stroke. */
  cell(quarter: number): number {
    return cellOf(this.meter, this.snap, quarter) || 4 * FINEST;
  }

  use(tool: Tool): void {
    this.tool = tool;
    this.caret = null;
    this.#host.refresh();
  }

  snapTo(snap: Snap): void {
    this.snap = snap;
    this.#host.refresh();
  }

  // While a gesture lasts

  preview(draft: edits.Draft | null): void {
    this.#draft = draft;
    this.#host.refresh();
  }

  select(notes: ReadonlySet<Note>, focus?: Note): void {
    this.selected = notes;
    this.#draft = null;
    this.#focus = focus ?? null;
    const only = focus ?? (notes.size === 1 ? [...notes][0] : undefined);
    if (only) {
      this.track = only.track;
      this.#focus = only;
      this.say(only);
    } else if (notes.size > 0) this.#host.announce(this.t("edit.said.selected", { n: notes.size }));
    this.#host.refresh();
  }

  /**
   * Makes a draft the clip: one undo step, save where the same was done a moment ago under one name.
   */
  commit(draft: edits.Draft, burst = "", score = this.#clip.score): void {
    this.#draft = null;
    const notes = draft.notes;
    this.selected = draft.selected;
    if (draft.selected.size === 1) this.#focus = [...draft.selected][0] as Note;
    if (notes === this.#clip.notes && score === this.#clip.score) {
      this.#host.refresh();
      return;
    }
    const now = performance.now();
    const merge = burst !== "" && burst === this.#burst.name && now < this.#burst.until;
    this.#burst = { name: burst, until: now + BURST };
    this.#clip = { notes, score };
    this.meter = MeterMap.of(score);
    this.#host.change(this.#clip, merge);
    this.#host.refresh();
  }

  // Buttons and keys

  undo(): void {
    this.#revert(() => this.#host.undo(), "edit.said.undone");
  }

  redo(): void {
    this.#revert(() => this.#host.redo(), "edit.said.redone");
  }

  #revert(go: () => void, words: "edit.said.undone" | "edit.said.redone"): void {
    this.#draft = null;
    this.#burst.name = "";
    this.#reverting = true;
    go();
    this.#host.announce(this.t(words));
  }

  remove(): void {
    const n = this.selected.size;
    if (n === 0) return;
    const first = edits.copied(this.base)[0] as Note;
    this.commit(edits.remove(this.base));
    this.#focus = choice.noteNear(this.#clip.notes, first.start, first.track) ?? null;
    this.#host.announce(counted(this.t, "edit.said.deleted", n));
  }

  selectAll(): void {
    this.select(new Set(this.#clip.notes));
  }

  copy(): boolean {
    const notes = edits.copied(this.base);
    if (notes.length === 0) return false;
    clipboard.put(notes);
    this.#pasteAt = edits.after(notes, this.meter);
    this.#host.announce(counted(this.t, "edit.said.copied", notes.length));
    return true;
  }

  cut(): void {
    const first = edits.copied(this.base)[0];
    if (!first || !this.copy()) return;
    this.#pasteAt = first.start;
    this.remove();
  }

  /** At the playhead, or where the copied notes go on if the playhead has not been moved since. */
  paste(): void {
    const held = clipboard.get();
    if (held.length === 0) return;
    const at = this.#pasteAt ?? snapNear(this.meter, this.snap, this.#host.position);
    this.#insert(held, at, "edit.said.pasted");
  }

  duplicate(): void {
    const notes = edits.copied(this.base);
    if (notes.length > 0) this.#insert(notes, edits.after(notes, this.meter), "edit.said.pasted");
  }

  /** The playhead was moved: the next paste goes there. */
  sought(): void {
    this.#pasteAt = null;
  }

  #insert(notes: readonly Note[], at: number, words: "edit.said.pasted"): void {
    const moved = adopted(edits.startingAt(notes, at), tracksOf(this.#clip), this.track);
    const end = moved.reduce((most, note) => Math.max(most, note.end), 0);
    if (end > LONGEST) return;
    const score = edits.holding(this.#clip.score, end);
    this.commit(
      edits.place(this.#clip.notes, moved, { ...this.bounds, quarters: score.quarters }),
      "",
      score,
    );
    this.#pasteAt = edits.after(moved, this.meter);
    this.#host.announce(counted(this.t, words, moved.length));
  }

  /** Moves the selection by cells of the grid and by semitones. */
  nudge(cells: number, up: number): void {
    const first = edits.copied(this.base)[0];
    if (!first) return;
    const along = cells * this.cell(first.start);
    this.#shift(edits.move(this.base, along, up, this.bounds), "nudge");
  }

  bar(direction: -1 | 1): void {
    const first = edits.copied(this.base)[0];
    if (!first) return;
    const bar = cellOf(this.meter, "bar", first.start);
    this.#shift(edits.move(this.base, direction * bar, 0, this.bounds), "nudge");
  }

  /** Up by semitones: the selection, or all pitched notes of the active track. */
  transpose(up: number): void {
    const all = this.#clip.notes.filter((note) => note.track === this.track && !note.drum);
    const whole = this.selected.size === 0;
    const moved = edits.move(
      whole ? { notes: this.#clip.notes, selected: new Set(all) } : this.base,
      0,
      up,
      this.bounds,
    );
    this.#shift(whole ? { notes: moved.notes, selected: new Set() } : moved, "transpose");
  }

  #shift(draft: edits.Draft, burst: string): void {
    this.commit(draft, burst);
    const first = edits.copied(this.base)[0];
    if (!first) return;
    this.#host.hear(first);
    this.say(first);
  }

  lengthen(direction: -1 | 1): void {
    const first = edits.copied(this.base)[0];
    if (!first) return;
    const cell = this.cell(first.start);
    this.#shift(edits.resize(this.base, "end", direction * cell, cell, this.bounds), "lengthen");
  }

  louder(by: number, notes = this.selected): void {
    if (notes.size === 0) return;
    const draft = edits.strike({ ...this.base, selected: notes }, (note) => note.velocity + by, this.bounds);
    this.commit(draft, "velocity");
    const first = edits.copied(draft)[0];
    if (first) this.sayVelocity(first);
  }

  quantise(): void {
    const whole = this.selected.size === 0;
    this.commit(edits.quantise(this.base, this.meter, this.snap, this.bounds));
    this.#host.announce(this.t(whole ? "edit.said.quantised.all" : "edit.said.quantised"));
  }

  bars(by: -1 | 1): void {
    const count = this.meter.bars.length;
    if (by > 0 ? this.#clip.score.quarters >= LONGEST : count < 2) return;
    const { notes, score } = by > 0 ? edits.longer(this.#clip) : edits.upTo(this.#clip, count - 1);
    this.commit({ notes, selected: choice.kept(this.selected, notes) }, "", score);
    this.#host.announce(counted(this.t, "bars", this.meter.bars.length));
  }

  mend(mend: Mend, refused: Parameters<typeof mended>[2]): void {
    if (!this.takes) return;
    const { notes, score } = mended(this.#clip, mend, refused, this.takes);
    this.commit({ notes, selected: new Set() }, "", score);
  }

  // Focus

  /** Goes to the next note that way; the first step goes to the note at the playhead. */
  go(direction: choice.Direction, extend: boolean): void {
    const from = this.#focus;
    const next = from
      ? choice.neighbour(this.#clip.notes, from, direction)
      : choice.noteNear(this.#clip.notes, this.#host.position, this.track);
    if (!next) return;
    this.#host.hear(next);
    this.select(extend ? new Set([...this.selected, next]) : new Set([next]), next);
  }

  edge(end: boolean): void {
    const own = this.#clip.notes.filter((note) => note.track === this.track);
    const note = end ? own.at(-1) : own[0];
    if (note) this.select(new Set([note]), note);
  }

  /**
   * Moves the caret by cells and by rungs; it appears at the playhead or at the focused note.
   *
   * @param rungs Pitches of the active track's lane, upwards.
   */
  moveCaret(along: number, up: number, rungs: readonly number[]): void {
    const now = this.caret?.track === this.track ? this.caret : null;
    const focus = this.#focus?.track === this.track ? this.#focus : null;
    const start = now?.quarter ?? snapDown(this.meter, this.snap, focus?.start ?? this.#host.position);
    const cell = this.cell(start);
    const most = Math.max(0, this.bounds.quarters - cell);
    const quarter = Math.max(0, Math.min(most, now ? start + along * cell : start));
    const known = rungs.indexOf(now?.pitch ?? focus?.pitch ?? -1);
    const rung = (known < 0 ? rungs.length >> 1 : known) + (now ? up : 0);
    const pitch = rungs[Math.max(0, Math.min(rungs.length - 1, rung))] ?? 60;
    this.caret = { quarter, track: this.track, pitch };
    this.#host.refresh();
    const under = this.underCaret();
    this.say(under ?? this.note(quarter, quarter + cell, pitch));
  }

  /** The note that the caret stands on. */
  underCaret(): Note | undefined {
    const { caret } = this;
    if (!caret) return undefined;
    return this.#clip.notes.find((note) => choice.stands(note, caret, this.cell(caret.quarter)));
  }

  /** Enter: a note where the caret stands, or the one there is selected; a drum there goes. */
  press(): void {
    const { caret } = this;
    if (!caret) return;
    const there = this.underCaret();
    if (there?.drum) {
      this.commit(edits.remove({ notes: this.#clip.notes, selected: new Set([there]) }));
      this.#host.announce(counted(this.t, "edit.said.deleted", 1));
    } else if (there) this.select(new Set([there]), there);
    else {
      const note = this.note(
        caret.quarter,
        caret.quarter + this.cell(caret.quarter),
        caret.pitch,
        VELOCITY,
        caret.track,
      );
      this.commit(edits.add(this.base, note, this.bounds));
      this.#host.hear(note);
      this.say(note);
    }
  }

  sayVelocity({ velocity }: Note): void {
    this.#host.announce(this.t("edit.said.velocity", { n: velocity }));
  }

  say(note: Note): void {
    this.#host.announce(describeNote(this.t, note, this.meter));
  }
}
