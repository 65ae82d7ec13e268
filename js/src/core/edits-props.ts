/** What the piano roll is given beyond a viewer, and what a reader does there. */

import type { Clip } from "./clip";
import type { Takes } from "./edits-mend";
import type { CommonActions, PianoRollProps } from "./props";

/** A file on its way to the kernel, or why it does not go there. */
export type Upload =
  | { readonly kind: "sending"; readonly name: string; readonly sent: number; readonly size: number }
  | { readonly kind: "reading"; readonly name: string }
  | { readonly kind: "large"; readonly name: string; readonly size: number; readonly most: number }
  | { readonly kind: "lost"; readonly name: string };

export interface RollProps extends PianoRollProps {
  /** Whether it is an editor, and not a viewer. */
  readonly edit: boolean;
  /** What the model takes; null without a model. */
  readonly takes: Takes | null;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly upload: Upload | null;
  /** Height that a Studio has for its notes; 0 where the music decides. */
  readonly room: number;
}

export interface RollActions extends CommonActions {
  edit(on: boolean): void;
  /** Another clip; `merge` makes one undo step of it and the change before. */
  change(clip: Clip, merge: boolean): void;
  undo(): void;
  redo(): void;
  /** A file of music, to be read by the kernel. */
  open(file: File): void;
}
