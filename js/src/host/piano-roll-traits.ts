/** Traits of the piano roll, the history of its edits, and files on their way to the kernel. */

import type { Shown } from "../core/bus";
import { type Clip, readScore } from "../core/clip";
import { readTakes } from "../core/edits-mend";
import type { RollActions, RollProps, Upload } from "../core/edits-props";
import { amend, begin, type History, redo, step, undo } from "../core/history";
import { type Bytes, encodeNotes, viewOf } from "../core/notes";
import type { CommonActions } from "../core/props";
import type { Model } from "./model";
import { encodeBase64 } from "./rpc";
import type { Session } from "./session";
import { memo, number, pianoRollReader, type Reader, readClip } from "./traits";

/** Bytes of the largest file, and of one message: a server takes some megabytes at most. */
export const MOST = 4 * 2 ** 20;
const CHUNK = 192 * 1024;
/** Milliseconds without an answer after which a file is given up. */
const PATIENCE = 60_000;

/** One roll model, shared by its views: what they show, and what was there before. */
export class RollModel {
  readonly reader: Reader<RollProps>;
  readonly #model: Model;
  readonly #leave: (() => void)[] = [];
  #session: Session<RollProps, unknown> | undefined;
  #history: History<Clip>;
  /** What a widget that this one follows shows, until the kernel has brought the same. */
  #followed: Shown | null = null;
  #upload: Upload | null = null;
  /** The kernel's count of its own changes: what comes without another one is an edit that a host sends back. */
  #revision: unknown;
  /** Counts files: the newest wins. */
  #file = 0;

  constructor(model: Model) {
    this.#model = model;
    this.#history = begin(this.#told());
    this.#revision = model.get("_revision");
    const base = pianoRollReader(model, () => this.#followed);
    const takes = memo(readTakes);
    this.reader = {
      traits: [...base.traits, "edit", "_takes", "_room"],
      read: () => ({
        ...base.read(),
        ...(this.#followed ? {} : { clip: this.#history.present }),
        edit: model.get("edit") === true,
        takes: takes(model.get("_takes")),
        canUndo: this.#history.past !== null,
        canRedo: this.#history.future !== null,
        upload: this.#upload,
        room: number(model.get("_room"), 0),
      }),
    };
    let due = false;
    const hear = () => {
      if (due) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        this.#hear();
      });
    };
    for (const name of ["change:_notes", "change:_score", "change:_revision"]) {
      model.on(name, hear);
      this.#leave.push(() => model.off(name, hear));
    }
  }

  join(session: Session<RollProps, unknown>): void {
    this.#session = session;
  }

  /** Shows what another widget of the page shows; null once the kernel has brought its own. */
  follow(shown: Shown | null): void {
    this.#followed = shown;
    this.#session?.touch();
  }

  actions(common: CommonActions): RollActions {
    return {
      ...common,
      edit: (on) => this.#session?.saver.set("edit", on),
      change: (clip, merge) => this.#go((merge ? amend : step)(this.#shown(), clip)),
      undo: () => this.#go(undo(this.#shown())),
      redo: () => this.#go(redo(this.#shown())),
      open: (file) => void this.#send(file),
    };
  }

  dispose(): void {
    this.#file++;
    for (const leave of this.#leave) leave();
  }

  /** The history, what is followed being its last step. */
  #shown(): History<Clip> {
    return this.#followed ? step(this.#history, this.#followed.clip) : this.#history;
  }

  #go(history: History<Clip>): void {
    if (history.present === this.#history.present && !this.#followed) return;
    this.#history = history;
    this.#followed = null;
    const { notes, score } = history.present;
    // Both go in one message: the kernel never sees new notes in an old score.
    if (JSON.stringify(readScore(this.#model.get("_score"))) !== JSON.stringify(score))
      this.#model.set("_score", score);
    this.#session?.saver.set("_notes", viewOf(encodeNotes(notes)));
    this.#session?.touch();
    // An answer says that the kernel has heard the edit; none, that it is busy or gone.
    void this.#session?.channel("edit").latest("heard", {});
  }

  #told(): Clip {
    return readClip(this.#model.get("_notes"), this.#model.get("_score"));
  }

  /** What the kernel brings is a step of its own; what comes back of an edit is none. */
  #hear(): void {
    const revision = this.#model.get("_revision");
    if (revision === this.#revision) return;
    // A kernel opens its widget before it has put anything into it.
    const first = this.#revision === 0;
    this.#revision = revision;
    const { notes, score } = this.#history.present;
    const told = this.#told();
    const bytes = this.#model.get("_notes") as Bytes | null;
    const equal =
      bytes !== null &&
      equalBytes(viewOf(bytes), viewOf(encodeNotes(notes))) &&
      JSON.stringify(told.score) === JSON.stringify(score);
    if (equal) return;
    // A viewer has nothing to undo: its past would only grow.
    const steps = !first && this.#model.get("edit") === true;
    this.#history = steps ? step(this.#history, told) : begin(told);
    this.#session?.touch();
  }

  /** Sends a file piece by piece; the kernel reads it with the last and shows it. */
  async #send(file: File): Promise<void> {
    const turn = ++this.#file;
    const { name, size } = file;
    // What was said of the last one is over.
    this.#session?.work.say(null);
    if (size > MOST) {
      this.#say({ kind: "large", name, size, most: MOST });
      return;
    }
    let sent = 0;
    do {
      this.#say({ kind: "sending", name, sent, size });
      const piece = await file
        .slice(sent, sent + CHUNK)
        .arrayBuffer()
        .catch(() => null);
      if (turn !== this.#file) return;
      if (!piece) {
        this.#say({ kind: "lost", name });
        return;
      }
      const args = { name, size, offset: sent, data: encodeBase64(piece) };
      sent += piece.byteLength;
      if (sent >= size) this.#say({ kind: "reading", name });
      const reply = await this.#session?.channel("upload").latest("upload", args, { timeout: PATIENCE });
      if (turn !== this.#file) return;
      // Why it failed is in the status line already.
      if (!reply || (piece.byteLength === 0 && sent < size)) {
        this.#say(reply ? { kind: "lost", name } : null);
        return;
      }
    } while (sent < size);
    this.#say(null);
  }

  #say(upload: Upload | null): void {
    this.#upload = upload;
    this.#session?.touch();
  }
}

function equalBytes(a: DataView, b: DataView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a.getUint8(i) !== b.getUint8(i)) return false;
  return true;
}
