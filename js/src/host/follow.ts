/** A widget that follows others of the same page, as its `_follows` trait says, without waiting for the kernel. */

import { type Shown, subscribe } from "../core/bus";
import type { Model } from "./model";

/** Calls back with what the leading widgets show, and with null once the kernel has brought its own. */
export function followOthers(model: Model, heard: (shown: Shown | null) => void): () => void {
  let leave: (() => void)[] = [];
  const join = () => {
    for (const off of leave) off();
    const topics = model.get("_follows");
    leave = (Array.isArray(topics) ? topics : []).map((topic) => subscribe(String(topic), heard));
  };
  const brought = () => heard(null);
  model.on("change:_follows", join);
  model.on("change:_notes", brought);
  join();
  return () => {
    model.off("change:_follows", join);
    model.off("change:_notes", brought);
    for (const off of leave) off();
  };
}
