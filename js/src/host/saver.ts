import type { Model } from "./model";

/** Milliseconds between two saves while a value is being dragged. */
const EVERY = 50;

/** Sets traits at once and saves them to the kernel at most every 50 ms, the last value always. */
export class Saver {
  readonly #model: Model;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pending = false;

  constructor(model: Model) {
    this.#model = model;
  }

  set(name: string, value: unknown): void {
    if (this.#model.get(name) === value) return;
    this.#model.set(name, value);
    if (this.#timer !== undefined) {
      this.#pending = true;
      return;
    }
    this.#save();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending) this.#write();
  }

  #save(): void {
    this.#write();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending) this.#save();
    }, EVERY);
  }

  #write(): void {
    this.#pending = false;
    this.#model.save_changes();
  }
}
