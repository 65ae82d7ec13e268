/**
 * Undo without limit, as a value that is never changed: every function gives back a new history.
 *
 * Steps are linked, not copied, so that a step costs what it changed and nothing more.
 */

interface Step<T> {
  readonly value: T;
  readonly beyond: Step<T> | null;
}

export interface History<T> {
  readonly present: T;
  readonly past: Step<T> | null;
  readonly future: Step<T> | null;
}

export const begin = <T>(present: T): History<T> => ({ present, past: null, future: null });

/** Goes on to another present; what was undone before is no longer to be had. */
export function step<T>(history: History<T>, present: T): History<T> {
  if (present === history.present) return history;
  return { present, past: { value: history.present, beyond: history.past }, future: null };
}

/** Makes the present another one without a step of its own: a wheel that turns on, a key that is held. */
export function amend<T>(history: History<T>, present: T): History<T> {
  return history.past ? { present, past: history.past, future: null } : step(history, present);
}

export function undo<T>({ present, past, future }: History<T>): History<T> {
  if (!past) return { present, past, future };
  return { present: past.value, past: past.beyond, future: { value: present, beyond: future } };
}

export function redo<T>({ present, past, future }: History<T>): History<T> {
  if (!future) return { present, past, future };
  return { present: future.value, past: { value: present, beyond: past }, future: future.beyond };
}
