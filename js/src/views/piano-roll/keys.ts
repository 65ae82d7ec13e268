/** The keyboard on the stage, as a table. */

export interface KeyActions {
  toggle(): void;
  /** By beat, or by bar. */
  step(direction: -1 | 1, bar: boolean): void;
  edge(end: boolean): void;
  zoom(factor: number): void;
  fit(): void;
  /** The loop begins or ends at the playhead, or goes over all. */
  loop(edge: "start" | "end" | null): void;
  leave(): void;
}

/** Carries out a key; gives back whether it was one of ours. */
export function pressKey(event: KeyboardEvent, actions: KeyActions): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const table: Record<string, () => void> = {
    " ": () => actions.toggle(),
    ArrowLeft: () => actions.step(-1, event.shiftKey),
    ArrowRight: () => actions.step(1, event.shiftKey),
    Home: () => actions.edge(false),
    End: () => actions.edge(true),
    "+": () => actions.zoom(1.5),
    "=": () => actions.zoom(1.5),
    "-": () => actions.zoom(1 / 1.5),
    "0": () => actions.fit(),
    i: () => actions.loop("start"),
    o: () => actions.loop("end"),
    l: () => actions.loop(null),
    Escape: () => actions.leave(),
  };
  const action = table[event.key];
  if (!action) return false;
  event.preventDefault();
  event.stopPropagation();
  action();
  return true;
}
