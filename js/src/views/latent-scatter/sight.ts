/** The points as they are seen: camera, turn, and what lies under a px. */

import type { Cloud, MapProps, Spot } from "../../core/latent-scatter-props";
import { boundsOf, Camera, flatten, middleOf, STRAIGHT, seen, type Turn, turned, unseen } from "./camera";
import { PointGrid } from "./near";
import type { Px } from "./overlay";

export class Sight {
  readonly camera = new Camera();
  /** Whether the map is being turned: what lies under the pointer is not looked for then. */
  turning = false;
  #touched = false;
  #cloud: Cloud | undefined;
  #turn: Turn = STRAIGHT;
  #middle: Spot = [0, 0];
  #flat: ReturnType<typeof flatten> = { xy: new Float32Array(), depth: null };
  #grid = new PointGrid(new Float32Array());
  #framed = "";

  get flat(): ReturnType<typeof flatten> {
    return this.#flat;
  }

  /** Lays other points out; the view stays where a reader has put it, as long as it is the same map. */
  place(props: MapProps): void {
    this.#cloud = props.cloud;
    this.#middle = middleOf(props.cloud);
    const name = `${props.cloud.dimensions} ${props.map}`;
    if (this.#framed !== name) {
      this.#touched = false;
      this.#turn = STRAIGHT;
    }
    this.#framed = name;
    this.#flat = flatten(props.cloud, this.#turn, this.#middle);
    this.#grid = new PointGrid(this.#flat.xy);
    if (!this.#touched) this.#frame(props);
  }

  /** All of the map, from the front. */
  reset(props: MapProps): void {
    this.#touched = false;
    this.#turn = STRAIGHT;
    this.place(props);
  }

  resize(width: number, height: number, props: MapProps | undefined): void {
    this.camera.resize(width, height);
    if (props && !this.#touched) this.#frame(props);
  }

  move(move: (camera: Camera) => void): void {
    this.#touched = true;
    move(this.camera);
  }

  spin(around: number, over: number): void {
    if (!this.#cloud) return;
    this.#turn = turned(this.#turn, around, over);
    this.turning = true;
    this.#touched = true;
    this.#flat = flatten(this.#cloud, this.#turn, this.#middle);
  }

  rest(): void {
    this.turning = false;
    this.#grid = new PointGrid(this.#flat.xy);
  }

  px(spot: Spot): Px {
    return this.fromMap(this.#seen(spot));
  }

  pointPx(point: number): Px {
    const { xy } = this.#flat;
    return this.fromMap([xy[2 * point] as number, xy[2 * point + 1] as number]);
  }

  /** Px of a place of the map as it is seen, and the other way. */
  fromMap([x, y]: Px): Px {
    return [this.camera.px(x), this.camera.py(y)];
  }

  toMap([x, y]: Px): Px {
    return [this.camera.atX(x), this.camera.atY(y)];
  }

  /** The spot under a px. */
  spot(at: Px): Spot {
    const [x, y] = this.toMap(at);
    return unseen(x, y, this.#turn, this.#middle);
  }

  /** Points near a px, nearest first. */
  near(at: Px, reach: number, most: number, wanted: (point: number) => boolean): number[] {
    const { kx, ky } = this.camera;
    return this.#grid.nearest(this.toMap(at), reach, [kx, ky], most, wanted);
  }

  /** Points inside a polygon of the map as it is seen. */
  inside(polygon: readonly Px[]): number[] {
    return this.#grid.inside(polygon);
  }

  #seen(spot: Spot): Px {
    const [x, y] = seen(spot, this.#turn, this.#middle);
    return [x, y];
  }

  #frame(props: MapProps): void {
    const own = [...props.marks.map((mark) => mark.at), ...props.route].map((spot) => this.#seen(spot));
    this.camera.frame(boundsOf(this.#flat.xy, own), props.map !== "plane");
  }
}
