import { Emitter } from "./emitter";
import type { Status } from "./props";

/** How the kernel fares with what the page asked of it, or the page with itself; a view's status line says it. */
export type Strain =
  | { readonly kind: "waiting" | "gone" | "working" }
  | { readonly kind: "failed"; readonly status: Status };

/** What is open between page and kernel, of one widget model. */
export class Work {
  readonly changed = new Emitter();
  #strain: Strain | null = null;

  get strain(): Strain | null {
    return this.#strain;
  }

  say(strain: Strain | null): void {
    if (strain === this.#strain) return;
    this.#strain = strain;
    this.changed.emit();
  }
}
