/** What the map's view is given. */

import type { Clip, Place } from "./clip";
import type { Legend } from "./map-palette";
import type { CommonActions, CommonProps } from "./props";

/** A place on the map, of two or three coordinates. */
export type Spot = readonly number[];

/** All points, or the sample that a saved notebook holds. */
export interface Cloud {
  /** How many points are here. */
  readonly size: number;
  readonly dimensions: 2 | 3;
  /** `size` x `dimensions`. */
  readonly at: Float32Array;
  /** Colour codes, as the legend means them. */
  readonly codes: Uint16Array;
  readonly groups: Uint8Array;
  /** Numbers of the points in the corpus; null where they are 0, 1, 2, ... */
  readonly numbers: Uint32Array | null;
}

export const numberOf = (cloud: Cloud, point: number): number => cloud.numbers?.[point] ?? point;

/** The point of a clip of the corpus; -1 where the cloud is a sample without it. */
export function pointOf(cloud: Cloud, number: number): number {
  if (!cloud.numbers) return number < cloud.size ? number : -1;
  return cloud.numbers.indexOf(number);
}

export interface Group {
  readonly name: string;
  readonly count: number;
}

/** What the legend lists. */
export interface Groups {
  readonly name: string;
  readonly entries: readonly Group[];
  readonly rest: { readonly count: number; readonly values: number } | null;
  readonly values: number;
}

export interface Mark {
  readonly letter: string;
  readonly title: string;
  readonly at: Spot;
  readonly place: Place;
  readonly clip: Clip;
}

/** What is known of a clip of the corpus. */
export interface Card {
  readonly number: number;
  readonly title: string;
  readonly meta: string;
  readonly place: Place;
  readonly clip: Clip;
}

/** Where the current music lies. */
export interface Here {
  /** Its number in the corpus; null for what was decoded or came from elsewhere. */
  readonly number: number | null;
  readonly at: Spot;
  readonly place: Place;
  readonly title: string;
  readonly clip: Clip;
  /** Numbers of its neighbours. */
  readonly near: readonly number[];
}

export interface Selection {
  readonly count: number;
  /** A byte for each clip of the corpus; null until the kernel has sent it. */
  readonly mask: Uint8Array | null;
}

export interface MapProps extends CommonProps {
  readonly count: number;
  readonly model: string;
  /** The kind of map: "plane", "pca", "pca3" or "umap". */
  readonly map: string;
  /** What up and down mean: "pitch", "kit", or nothing. */
  readonly words: string;
  readonly cloud: Cloud;
  readonly legend: Legend;
  readonly groups: Groups;
  readonly marks: readonly Mark[];
  readonly route: readonly Spot[];
  readonly here: Here | null;
  readonly selection: Selection;
  readonly neighbours: boolean;
  readonly sound: boolean;
  /** A place that is being decoded. */
  readonly pending: Spot | null;
  /** What is heard while the pointer is on it; null where nothing is. */
  readonly heard: Card | null;
}

export interface MapActions extends CommonActions {
  /** What is known of a clip; asks for it, and for others around it, where it is not known yet. */
  card(number: number, around: readonly number[]): Card | null;
  pick(number: number): void;
  mark(index: number): void;
  decode(at: Spot): void;
  /** A byte for each clip of the corpus, or null for none. */
  select(mask: Uint8Array | null): void;
  neighbours(on: boolean): void;
  sound(on: boolean): void;
  /** Plays a clip as long as the pointer is on it. */
  hear(card: Card | null): void;
}
