/** Widgets of one page that follow each other without the kernel: clips by topic. */

import type { Clip, Place } from "./clip";
import { Emitter } from "./emitter";

export interface Shown {
  readonly clip: Clip;
  readonly place: Place;
}

interface Topic {
  last: Shown | undefined;
  readonly changed: Emitter<Shown>;
}

/** Every widget is a module of its own: what they share lies on globalThis. */
const KEY = "__mvae_widgets_bus_1__";

function topicOf(name: string): Topic {
  const page = globalThis as Record<string, unknown>;
  page[KEY] ??= new Map<string, Topic>();
  const topics = page[KEY] as Map<string, Topic>;
  const known = topics.get(name) ?? { last: undefined, changed: new Emitter<Shown>() };
  topics.set(name, known);
  return known;
}

export function publish(name: string, shown: Shown): void {
  const topic = topicOf(name);
  if (topic.last?.clip === shown.clip) return;
  topic.last = shown;
  topic.changed.emit(shown);
}

/** Calls back with every clip that is published from now on; gives back the way to leave. */
export function subscribe(name: string, heard: (shown: Shown) => void): () => void {
  return topicOf(name).changed.on(heard);
}
