/** What the status line of the editor says. */

import type { Mend, Takes } from "../../core/edits-mend";
import type { Upload } from "../../core/edits-props";
import type { Translate } from "../../core/i18n";
import type { Status } from "../../core/props";
import type { Recording } from "./recorder";

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

export function uploadWords(t: Translate, upload: Upload): Status {
  const { name } = upload;
  switch (upload.kind) {
    case "sending": {
      const share = upload.size > 0 ? Math.round((100 * upload.sent) / upload.size) : 0;
      return { kind: "busy", text: t("edit.sending", { name, n: share }), hint: "" };
    }
    case "reading":
      return { kind: "busy", text: t("edit.reading", { name }), hint: "" };
    case "large": {
      const values = { name, n: megabytes(upload.size), most: Math.floor(upload.most / 2 ** 20) };
      return { kind: "error", text: t("edit.large", values), hint: t("edit.large.hint") };
    }
    default:
      return { kind: "error", text: t("edit.lost", { name }), hint: t("edit.lost.hint") };
  }
}

export function recordingWords(t: Translate, state: Recording, drum: boolean): Status {
  const keys = t(drum ? "edit.recording.drums" : "edit.recording.keys");
  const midi = state.kind !== "off" && state.keyboards ? ` ${t("edit.recording.midi")}` : "";
  return { kind: "info", text: t("edit.recording"), hint: keys + midi };
}

export function wordsFor(t: Translate, mend: Mend, takes: Takes | null): string {
  if (mend !== "trim") return t(`edit.mend.${mend}`);
  const n = takes?.bars ?? 1;
  return t(n === 1 ? "edit.mend.trim.one" : n === 2 ? "edit.mend.trim.two" : "edit.mend.trim", { n });
}
