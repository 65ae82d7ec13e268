/** What a pointer that is down on the notes does: draws, moves, pulls an end, draws a lasso, paints hits. */

import type { Note } from "../../core/clip";
import * as edits from "../../core/edits";
import { FINEST, snapDown, snapNear, snapUp } from "../../core/edits-grid";
import { drumClass, drumPitch } from "../../core/pitch";
import { toggled } from "../../core/selection";
import type { Editor } from "./editor";
import type { DrumLane, PitchLane } from "./layout";
import { classAt, notesIn, type Places, pitchAt } from "./places";

export interface Grip {
  move(x: number, y: number): void;
  up(): void;
}

export interface Hand {
  readonly editor: Editor;
  readonly places: Places;
  hear(note: Note): void;
}

/** Pixels that a pointer moves before a press is a drag. */
export const CLICK = 4;

/** A new note, as long as it is pulled. */
export function drawing({ editor, places, hear }: Hand, lane: PitchLane, x: number, y: number): Grip {
  const { axis } = places;
  const { meter, snap, bounds } = editor;
  const last = Math.max(0, bounds.quarters - FINEST);
  const start = Math.max(0, Math.min(last, snapDown(meter, snap, axis.quarter(x))));
  const least = Math.min(start + editor.cell(start), bounds.quarters);
  const base = { ...editor.base, selected: new Set<Note>() };
  const pitch = pitchAt(lane, y);
  editor.track = lane.track;
  const make = (end: number) =>
    edits.add(base, editor.note(start, Math.min(Math.max(least, end), bounds.quarters), pitch), bounds);
  let draft = make(least);
  editor.preview(draft);
  hear([...draft.selected][0] as Note);
  return {
    move(to) {
      if (Math.abs(to - x) < CLICK) return;
      draft = make(snapUp(meter, snap, axis.quarter(to)));
      editor.preview(draft);
    },
    up() {
      editor.commit(draft);
      editor.say([...draft.selected][0] as Note);
    },
  };
}

/** The selection that holds a pressed note: the one there is, or the note alone. */
function grasped(editor: Editor, note: Note): edits.Draft {
  return { ...editor.base, selected: editor.selected.has(note) ? editor.selected : new Set([note]) };
}

export function moving({ editor, places, hear }: Hand, note: Note, x: number, y: number): Grip {
  const base = grasped(editor, note);
  const lane = places.layout.lanes.find(({ track }) => track === note.track);
  const row = lane?.row ?? 10;
  editor.track = note.track;
  editor.preview(base);
  hear(note);
  let draft = base;
  let risen = 0;
  return {
    move(toX, toY) {
      const moved = (toX - x) / places.axis.scale;
      const along =
        Math.abs(toX - x) < CLICK ? 0 : snapNear(editor.meter, editor.snap, note.start + moved) - note.start;
      const up = Math.round((y - toY) / row);
      draft = edits.move(base, along, up, editor.bounds);
      editor.preview(draft);
      if (up !== risen)
        hear({ ...note, pitch: Math.max(0, Math.min(127, note.drum ? note.pitch : note.pitch + up)) });
      risen = up;
    },
    up() {
      if (draft === base) editor.select(new Set([note]), note);
      else {
        editor.commit(draft);
        const first = edits.copied(draft)[0];
        if (first) editor.say(first);
      }
    },
  };
}

export function pulling({ editor, places }: Hand, note: Note, edge: "start" | "end", x: number): Grip {
  const base = grasped(editor, note);
  editor.track = note.track;
  editor.preview(base);
  let draft = base;
  return {
    move(to) {
      if (Math.abs(to - x) < CLICK && draft === base) return;
      const at = snapNear(editor.meter, editor.snap, note[edge] + (to - x) / places.axis.scale);
      const least = editor.snap === "off" ? FINEST : editor.cell(note.start);
      draft = edits.resize(base, edge, at - note[edge], least, editor.bounds);
      editor.preview(draft);
    },
    up() {
      if (draft === base) editor.select(new Set([note]), note);
      else {
        editor.commit(draft);
        const first = edits.copied(draft)[0];
        if (first) editor.say(first);
      }
    },
  };
}

/** A rectangle that selects; with `adds` what was selected stays. A click selects, or clears. */
export function lassoing(hand: Hand, x: number, y: number, adds: boolean, pressed: Note | undefined): Grip {
  const { editor, places } = hand;
  const before = adds ? editor.selected : new Set<Note>();
  let moved = false;
  return {
    move(toX, toY) {
      if (!moved && Math.hypot(toX - x, toY - y) < CLICK) return;
      moved = true;
      const area = {
        x: Math.min(x, toX),
        y: Math.min(y, toY),
        width: Math.abs(toX - x),
        height: Math.abs(toY - y),
      };
      editor.lasso = area;
      editor.selected = new Set([...before, ...notesIn(places, editor.base.notes, area)]);
      editor.preview(null);
    },
    up() {
      editor.lasso = null;
      if (moved) editor.select(editor.selected);
      else editor.select(pressed ? toggled(before, pressed) : before, pressed);
    },
  };
}

/** Velocity of a drag so many pixels long. */
const BY_PIXEL = 0.8;

/**
 * The step grid: a click turns a hit on or off, a drag sideways paints or wipes, a drag up or down is the
 * hit's velocity.
 */
export function stepping({ editor, places, hear }: Hand, lane: DrumLane, x: number, y: number): Grip {
  const { axis } = places;
  const { bounds } = editor;
  editor.track = lane.track;
  const base = { ...editor.base, selected: new Set<Note>() };
  const index = classAt(lane, y);
  const stepOf = (at: number) =>
    Math.max(0, Math.min(Math.ceil(bounds.quarters * 4 - 1e-6) - 1, Math.floor(axis.quarter(at) * 4)));
  const hitAt = (step: number) =>
    base.notes.find(
      (note) =>
        note.track === lane.track && drumClass(note.pitch) === index && Math.round(note.start * 4) === step,
    );
  const first = stepOf(x);
  const pressed = hitAt(first);
  const fresh = (step: number) => editor.note(step / 4, (step + 1) / 4, drumPitch(index));
  const painted = new Set([first]);
  let mode: "click" | "paint" | "velocity" = "click";
  let draft = pressed ? base : edits.place(base.notes, [fresh(first)], bounds);
  if (!pressed) hear([...draft.selected][0] as Note);
  editor.preview(draft);

  const paint = () => {
    const steps = [...painted];
    if (pressed) {
      const gone = steps.map(hitAt).filter((note) => note !== undefined);
      draft = edits.remove({ notes: base.notes, selected: new Set(gone) });
    } else draft = edits.place(base.notes, steps.filter((step) => !hitAt(step)).map(fresh), bounds);
    editor.preview(draft);
  };
  return {
    move(toX, toY) {
      if (mode === "click") {
        if (Math.hypot(toX - x, toY - y) < CLICK) return;
        mode = Math.abs(toX - x) > Math.abs(toY - y) ? "paint" : "velocity";
      }
      if (mode === "velocity") {
        const hit = pressed ?? ([...draft.selected][0] as Note);
        const notes = pressed ? base.notes : draft.notes;
        const velocity = (pressed?.velocity ?? editor.note(0, 1, 0).velocity) + (y - toY) * BY_PIXEL;
        draft = edits.strike({ notes, selected: new Set([hit]) }, () => velocity, bounds);
        editor.preview(draft);
        return;
      }
      const [from, to] = [stepOf(x), stepOf(toX)];
      for (let step = Math.min(from, to); step <= Math.max(from, to); step++) painted.add(step);
      paint();
    },
    up() {
      if (mode === "click" && pressed) paint();
      editor.commit({ notes: draft.notes, selected: mode === "velocity" ? draft.selected : new Set() });
      const hit = [...draft.selected][0];
      if (hit) editor.say(hit);
    },
  };
}
