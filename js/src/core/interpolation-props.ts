/** What the slider's view is given. */

import type { Clip, Place } from "./clip";
import type { CommonActions, CommonProps } from "./props";

export const SPACES = ["latent", "data"] as const;
export type Space = (typeof SPACES)[number];

/** The steps of one space. */
export interface Route {
  /** One clip a step; all have the same score. */
  readonly clips: readonly Clip[];
  readonly places: readonly Place[];
  /** A row for each waypoint: how far each step is from it, 0 to 1. */
  readonly distances: readonly (readonly number[])[];
  /** Bits a step under the language model; none where there is none. */
  readonly costs: readonly number[];
}

/** What is known of the one place that is heard. */
export interface Here {
  readonly clip: Clip;
  readonly place: Place;
  readonly distances: readonly number[];
  readonly cost: number | null;
  /** Where it was decoded, in steps: the handle's own place, or the step nearest to it. */
  readonly at: number;
}

export interface InterpolationProps extends CommonProps {
  readonly space: Space;
  readonly routes: Readonly<Record<Space, Route>>;
  /** Steps at which the waypoints stand, the ends among them. */
  readonly stops: readonly number[];
  /** Titles of the waypoints. */
  readonly labels: readonly string[];
  /** Where the handle stands, in steps from 0. */
  readonly position: number;
  /** The step nearest to it. */
  readonly step: number;
  readonly here: Here;
  /** The handle stays at steps. */
  readonly snap: boolean;
  /** Null is the likeliest music. */
  readonly temperature: number | null;
  readonly seed: number;
}

export interface InterpolationActions extends CommonActions {
  /** Puts the handle at a place, in steps from 0. */
  move(position: number): void;
  space(space: Space): void;
  draw(temperature: number | null, seed: number): void;
}

/** A to Z, then A1, B1: how waypoints are called. */
export const waypointLetter = (index: number): string =>
  String.fromCharCode(65 + (index % 26)) + (index >= 26 ? String(Math.floor(index / 26)) : "");
