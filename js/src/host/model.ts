/** The little of anywidget's model that the host rooms use. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  /** Beside a host's events a Studio's "settle": what waits for a hand to rest is to be done now. */
  on(event: string, listener: (...values: never[]) => void): void;
  off(event?: string | null, listener?: ((...values: never[]) => void) | null): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  /** Set where no kernel is asked: the page itself answers. */
  readonly alone?: boolean;
}
