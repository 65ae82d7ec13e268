import type { Model } from "../../src/host/model";

type Listener = (...values: unknown[]) => void;

/** A model that remembers what was saved and sent. */
export class FakeModel implements Model {
  readonly sent: unknown[] = [];
  readonly saved: Record<string, unknown>[] = [];
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(readonly traits: Record<string, unknown>) {}

  get(name: string): unknown {
    return this.traits[name];
  }
  set(name: string, value: unknown): void {
    if (this.traits[name] === value) return;
    this.traits[name] = value;
    this.emit(`change:${name}`, this, value);
  }
  save_changes(): void {
    this.saved.push({ ...this.traits });
  }
  on(event: string, listener: (...values: never[]) => void): void {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(listener as Listener));
  }
  off(event?: string | null, listener?: ((...values: never[]) => void) | null): void {
    this.#listeners.get(event ?? "")?.delete(listener as Listener);
  }
  send(content: unknown): void {
    this.sent.push(content);
  }
  emit(event: string, ...values: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...values);
  }
  listening(event: string): number {
    return this.#listeners.get(event)?.size ?? 0;
  }
  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, known) => sum + known.size, 0);
  }
}
