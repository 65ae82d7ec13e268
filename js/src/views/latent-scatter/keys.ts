/** Keys on the map: the cross in the middle is the pointer of those who use none. */

export interface MapKeys {
  pan(x: number, y: number): void;
  turn(x: number, y: number): void;
  /** Moves the corner of a rectangle that the cross began. */
  stretch(x: number, y: number): void;
  zoom(factor: number): void;
  fit(): void;
  /** Takes the rectangle, the clip under the cross, or decodes there. */
  act(): void;
  everything(): void;
  neighbours(): void;
  toggle(): void;
  escape(): void;
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Gives back whether the key was meant for the map. */
export function pressMapKey(event: KeyboardEvent, keys: MapKeys): boolean {
  if (event.ctrlKey || event.metaKey) return false;
  const arrow = ARROWS[event.key];
  if (arrow) {
    const [x, y] = arrow;
    if (event.shiftKey) keys.stretch(x, y);
    else if (event.altKey) keys.turn(x, y);
    else keys.pan(x, y);
  } else if (event.altKey) return false;
  else {
    const act = {
      "+": () => keys.zoom(1.25),
      "=": () => keys.zoom(1.25),
      "-": () => keys.zoom(0.8),
      "0": keys.fit,
      Enter: keys.act,
      " ": keys.toggle,
      a: keys.everything,
      n: keys.neighbours,
      Escape: keys.escape,
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return false;
    act();
  }
  event.preventDefault();
  event.stopPropagation();
  return true;
}
