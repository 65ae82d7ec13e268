/** The PianoRoll view, viewer and editor: plain props in, callbacks out. */

import { strike } from "../../audio/live";
import type { Note, Refused } from "../../core/clip";
import { summary } from "../../core/describe";
import { mendsFor } from "../../core/edits-mend";
import type { RollActions, RollProps } from "../../core/edits-props";
import type { Translate } from "../../core/i18n";
import { lookOf } from "../../core/palette";
import { drumPitch } from "../../core/pitch";
import type { Status } from "../../core/props";
import type { Work } from "../../core/work";
import { put } from "../../ui/dom";
import { type Playing, Shell, type ShellView, stageParts } from "../shell";
import { takeDrops } from "./drop";
import { EditBar } from "./edit-bar";
import { EditGestures } from "./edit-gestures";
import { pressEditKey } from "./edit-keys";
import { Editor } from "./editor";
import type { EditPaint } from "./paint-edit";
import { EditRange } from "./range";
import { Recorder } from "./recorder";
import { Stage } from "./stage";
import { recordingWords, uploadWords, wordsFor } from "./status-words";
import { VelocityLane } from "./velocity-lane";

export class PianoRollView {
  readonly #shell: Shell;
  readonly #stage: Stage;
  readonly #editor: Editor;
  readonly #gestures: EditGestures;
  readonly #velocity: VelocityLane;
  readonly #bar: EditBar;
  readonly #recorder: Recorder;
  readonly #range = new EditRange();
  readonly #leave: (() => void)[];
  #props: RollProps | undefined;
  #look = lookOf("light");

  constructor(el: HTMLElement, player: Playing, actions: RollActions, work?: Work) {
    const hear = (note: Note) => void strike(note, this.#props?.volume ?? 0);
    const editor = new Editor({
      change: (clip, merge) => actions.change(clip, merge),
      undo: () => actions.undo(),
      redo: () => actions.redo(),
      refresh: () => this.#show(),
      announce: (text) => this.#shell.announce(text),
      hear,
      get position() {
        return player.position;
      },
    });
    this.#editor = editor;
    this.#stage = new Stage({
      sound: player,
      ...stageParts(() => this.#shell),
      key: (event) => this.#key(event),
      sought: () => editor.sought(),
    });
    const places = () => (this.#props?.edit ? this.#stage.places : undefined);
    this.#velocity = new VelocityLane(editor, places);
    this.#shell = new Shell(el, player, actions, this.#parts(), work);
    this.#bar = new EditBar({
      editor,
      edit: (on) => actions.edit(on),
      record: () => this.#record(),
      open: (file) => actions.open(file),
      focus: () => this.#stage.box.focus({ preventScroll: true }),
    });
    this.#recorder = new Recorder(editor, player, hear, () => this.#update());
    this.#gestures = new EditGestures(this.#stage.box, { editor, places, hear });
    this.#shell.head.right.append(this.#bar.tools, this.#bar.toggle.el);
    this.#shell.body.append(this.#stage.el, this.#velocity.el, this.#bar.row);
    this.#stage.box.addEventListener("keyup", (event) => this.#recorder.key(event, false));
    this.#leave = [
      takeDrops(this.#shell.body, () => this.#props?.edit === true, actions.open),
      player.changed.on(() => this.#recorder.heard()),
    ];
  }

  update(props: RollProps): void {
    const before = this.#props;
    this.#props = props;
    if (before?.edit !== props.edit && (before || props.edit)) this.#shell.bar.open(props.edit);
    if (before?.edit && !props.edit) {
      this.#gestures.cancel();
      this.#recorder.stop();
      this.#range.reset();
    }
    this.#update();
  }

  dispose(): void {
    for (const leave of this.#leave) leave();
    this.#recorder.dispose();
    this.#gestures.dispose();
    this.#stage.dispose();
    this.#shell.dispose();
  }

  /** The stage and the velocity lane as one view of the shell. */
  #parts(): ShellView {
    const stage = this.#stage;
    return {
      get meter() {
        return stage.meter;
      },
      resize: (width) => stage.resize(width),
      paint: (look) => {
        this.#look = look;
        stage.paint(look);
      },
      frame: (now) => {
        const moving = stage.frame(now);
        if (this.#props?.edit) this.#velocity.paint(this.#look, this.#look.clip(this.#props.place));
        return moving;
      },
    };
  }

  /** Head, status line and buttons. */
  #update(): void {
    const props = this.#props;
    if (!props) return;
    const { clip, place, refused, takes, edit } = props;
    const empty = clip.notes.length === 0 && refused.length === 0;
    this.#shell.update(props, place, (t) => ({
      title: props.title || t("roll.title"),
      meta: [props.subtitle, summary(t, clip)].filter(Boolean).join(" · "),
      idle: empty ? { kind: "info", text: t(edit ? "edit.empty" : "roll.empty"), hint: "" } : null,
      status: this.#status(props, t),
    }));
    put(this.#shell.root, "data-notes", clip.notes.length);
    put(this.#shell.root, "data-edit", edit ? "true" : "false");
    this.#editor.update(clip, takes, this.#shell.t);
    this.#show();
  }

  /** What is in hand comes first, then what the kernel says, with buttons that mend it. */
  #status(props: RollProps, t: Translate): Status | null {
    if (this.#recorder.on) return recordingWords(t, this.#recorder.state, this.#editor.active.drum);
    if (props.upload) return uploadWords(t, props.upload);
    const { clip, refused, takes, edit } = props;
    if (!edit) return props.status;
    const mends = mendsFor(clip, refused, takes).map((mend) => ({
      word: wordsFor(t, mend, takes),
      press: () => this.#editor.mend(mend, refused),
    }));
    // What to do is on the buttons.
    if (props.status) return { ...props.status, hint: mends.length > 0 ? "" : props.status.hint, mends };
    if (mends.length === 0 || !takes) return null;
    return { kind: "info", text: t("edit.long", { name: takes.name, n: takes.bars }), hint: "", mends };
  }

  /** The notes as they are in hand, and what lies over them. */
  #show(): void {
    const props = this.#props;
    if (!props) return;
    const { place, edit, room } = props;
    const { t } = this.#shell;
    const editor = this.#editor;
    const clip = edit ? editor.clip : props.clip;
    const refused = edit ? props.refused.filter((item) => holds(clip.notes, item)) : props.refused;
    const marked = props.refused.map(noteOf);
    const open = edit ? this.#range.notes(props.clip, marked) : marked;
    const scale = open.length > 0 ? [...props.clip.notes, ...open] : clip.notes;
    const title = props.title || t("roll.title");
    this.#stage.update({ clip, place, refused, scale, title, room, keys: true, edit: this.#over() }, t);
    this.#velocity.el.hidden = !edit;
    if (edit) this.#velocity.update(t);
    put(this.#shell.root, "data-selected", edit ? editor.chosen.size : 0);
    this.#bar.update(
      { edit, canUndo: props.canUndo, canRedo: props.canRedo, recording: this.#recorder.on },
      t,
    );
  }

  #over(): EditPaint | undefined {
    if (!this.#props?.edit) return undefined;
    const { chosen, lasso, caret, snap } = this.#editor;
    return { selected: chosen, lasso, caret, snap, cell: caret ? this.#editor.cell(caret.quarter) : 0 };
  }

  #record(): void {
    this.#stage.box.focus({ preventScroll: true });
    this.#recorder.toggle();
  }

  #key(event: KeyboardEvent): boolean {
    if (this.#recorder.key(event, true)) return true;
    if (event.key === "Escape" && this.#recorder.on) {
      event.preventDefault();
      event.stopPropagation();
      this.#recorder.stop();
      return true;
    }
    return pressEditKey(event, {
      editor: this.#editor,
      rungs: () => this.#rungs(),
      cancel: () => this.#gestures.cancel() || this.#velocity.cancel(),
    });
  }

  /** Pitches of the active lane, upwards. */
  #rungs(): number[] {
    const lane = this.#stage.places?.layout.lanes.find(({ track }) => track === this.#editor.track);
    if (!lane) return [];
    if (lane.kind === "drums") return [...lane.rows].reverse().map(drumPitch);
    return Array.from({ length: lane.high - lane.low + 1 }, (_, index) => lane.low + index);
  }
}

/** A refused note takes part in the lanes' ranges: it is to be seen. */
const noteOf = ([start, end, pitch, track]: Refused): Note => {
  return { start, end, pitch, track, velocity: 127, program: 0, drum: false };
};

/** Whether what was refused is still there: the kernel's word comes after the hand. */
const holds = (notes: readonly Note[], [start, end, pitch, track]: Refused): boolean =>
  notes.some(
    (note) =>
      note.track === track && note.pitch === pitch && note.start <= start + 1e-3 && note.end >= end - 1e-3,
  );
