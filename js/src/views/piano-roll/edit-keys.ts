/** The keyboard of the editor, as tables: with Ctrl or Cmd, with Alt, and alone. */

import type { Direction } from "../../core/selection";
import type { Editor } from "./editor";

export interface EditKeyHost {
  readonly editor: Editor;
  /** Pitches of the active track's lane, upwards. */
  rungs(): readonly number[];
  /** Ends what is in hand; gives back whether there was anything. */
  cancel(): boolean;
}

type Table = Readonly<Record<string, () => void>>;

const ARROWS: Readonly<Record<string, readonly [number, number, Direction]>> = {
  ArrowLeft: [-1, 0, "left"],
  ArrowRight: [1, 0, "right"],
  ArrowUp: [0, 1, "up"],
  ArrowDown: [0, -1, "down"],
};
const LOUDER = 8;

/** Carries out a key; gives back whether it was one of the editor's. */
export function pressEditKey(event: KeyboardEvent, host: EditKeyHost): boolean {
  const { editor } = host;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const arrow = ARROWS[event.key];
  const action =
    event.ctrlKey || event.metaKey
      ? withCommand(editor, event.shiftKey)[key]
      : event.altKey
        ? arrow && (() => nudge(editor, arrow, event.shiftKey))
        : arrow
          ? () => walk(host, arrow, event.shiftKey)
          : key === "Escape"
            ? leaving(host)
            : alone(editor)[key];
  if (!action) return false;
  event.preventDefault();
  event.stopPropagation();
  action();
  return true;
}

const withCommand = (editor: Editor, shift: boolean): Table => ({
  z: () => (shift ? editor.redo() : editor.undo()),
  y: () => editor.redo(),
  c: () => void editor.copy(),
  x: () => editor.cut(),
  v: () => editor.paste(),
  d: () => editor.duplicate(),
  a: () => editor.selectAll(),
});

function nudge(editor: Editor, [along, up]: readonly [number, number, Direction], far: boolean): void {
  if (along !== 0 && far) editor.bar(along > 0 ? 1 : -1);
  else editor.nudge(along, up * (far ? 12 : 1));
}

/** The pencil moves its cell, the pointer goes from note to note. */
function walk(
  host: EditKeyHost,
  [along, up, direction]: readonly [number, number, Direction],
  shift: boolean,
) {
  const { editor } = host;
  if (editor.tool === "draw" && !shift) editor.moveCaret(along, up, host.rungs());
  else editor.go(direction, shift);
}

function alone(editor: Editor): Table {
  const table: Record<string, () => void> = {
    Enter: () => editor.press(),
    Delete: () => erase(editor),
    Backspace: () => erase(editor),
    "[": () => editor.lengthen(-1),
    "]": () => editor.lengthen(1),
    ",": () => editor.louder(-LOUDER),
    ".": () => editor.louder(LOUDER),
    q: () => editor.quantise(),
    b: () => editor.use("draw"),
    v: () => editor.use("select"),
  };
  if (editor.tool === "select") {
    table.Home = () => editor.edge(false);
    table.End = () => editor.edge(true);
  }
  return table;
}

/** Ends the gesture, then the selection; with neither the stage is left, which is the viewer's key. */
function leaving({ editor, cancel }: EditKeyHost): (() => void) | undefined {
  if (cancel()) return () => {};
  if (editor.selected.size === 0 && !editor.caret) return undefined;
  return () => {
    editor.caret = null;
    editor.select(new Set());
  };
}

function erase(editor: Editor): void {
  const under = editor.selected.size === 0 ? editor.underCaret() : undefined;
  if (under) editor.select(new Set([under]), under);
  editor.remove();
}
