/** Copied notes, shared by all rolls of a page: every widget is a module of its own, so they lie on globalThis. */

import type { Note, Track } from "../../core/clip";

const KEY = "__mvae_widgets_clipboard_1__";
const page = globalThis as Record<string, unknown>;

export const clipboard = {
  get: (): readonly Note[] => (page[KEY] ?? []) as readonly Note[],
  put: (notes: readonly Note[]): void => {
    page[KEY] = notes;
  },
};

/** Notes of another widget as notes of this one: each in the track of its kind, the active one before others. */
export function adopted(notes: readonly Note[], tracks: readonly Track[], active: number): Note[] {
  return notes.map((note) => {
    const fits = (track: number) => tracks[track]?.drum === note.drum;
    const track = [note.track, active, ...tracks.keys()].find(fits) ?? active;
    const { program = 0, drum = false } = tracks[track] ?? {};
    return { ...note, track, program, drum };
  });
}
