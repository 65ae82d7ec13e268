/** The parts of a Studio: ordinary widgets, opened once the kernel has sent what they hold. */

import { languageOf, translator } from "../core/i18n";
import { currentWords } from "../core/studio-words";
import type { Model } from "./model";
import { PartModel } from "./part-model";
import type { Session } from "./session";
import { ROLL, type StudioModel } from "./studio-traits";

/** A widget as a host opens it (widget.ts). */
export interface Bundle {
  initialize(context: { model: Model }): () => void;
  render(context: { model: Model; el: HTMLElement }): () => void;
}

/** Milliseconds between two looks whether all is said, and after which nobody waits for that any longer. */
const LOOK = 10;
const PATIENCE = 10_000;

type Kinds<Seat> = Readonly<Record<string, (seat: Seat) => Bundle>>;

export class StudioParts<Seat> {
  readonly #model: Model;
  readonly #own: StudioModel;
  readonly #kinds: Kinds<Seat>;
  readonly #open = new Map<string, { readonly model: PartModel; readonly bundle: Bundle }>();
  #leave: (() => void)[] = [];

  /** @param kinds Widgets by name of the part, in the order of the page; each takes a seat for its player. */
  constructor(model: Model, own: StudioModel, kinds: Kinds<Seat>) {
    this.#model = model;
    this.#own = own;
    this.#kinds = kinds;
  }

  /** Asks for the parts, and opens those that come. */
  async open(
    session: Pick<Session<unknown, unknown>, "channel">,
    seat: (name: string) => Seat,
  ): Promise<void> {
    // A kernel opens its widget before it has said which parts there are; they speak before it answers.
    const models = Object.keys(this.#kinds).map((name) => [name, new PartModel(this.#model, name)] as const);
    this.#leave.push(
      ...models.map(
        ([, part]) =>
          () =>
            part.dispose(),
      ),
    );
    if (!(await session.channel("open").each("open", {}))) return;
    for (const [name, model] of models) {
      const kind = this.#kinds[name];
      if (!kind || !model.filled) continue;
      if (name === ROLL) this.#decide(model);
      const bundle = kind(seat(name));
      this.#leave.unshift(bundle.initialize({ model }));
      this.#open.set(name, { model, bundle });
    }
    this.#own.opened([...this.#open.keys()]);
  }

  /** Until the kernel has taken and answered all that hands did in the parts. */
  async settled(): Promise<void> {
    const models = [...this.#open.values()].map(({ model }) => model);
    const until = Date.now() + PATIENCE;
    for (const model of models) model.settle();
    while (models.some(({ quiet }) => !quiet) && Date.now() < until)
      await new Promise((look) => setTimeout(look, LOOK));
  }

  /** Shows a part in an element; gives back the way to take it away. */
  mount(name: string, el: HTMLElement): () => void {
    const part = this.#open.get(name);
    return part ? part.bundle.render({ model: part.model, el }) : () => {};
  }

  /** Says how much height there is for what a part shows. */
  room(name: string, height: number): void {
    this.#open.get(name)?.model.decide("_room", height);
  }

  dispose(): void {
    for (const off of this.#leave.splice(0)) off();
  }

  /** What the Studio says of its roll: what it shows, and whom it follows. */
  #decide(roll: PartModel): void {
    const tell = () => {
      const { language, current } = this.#own.reader.read();
      const t = translator(languageOf(language, document.documentElement.lang, navigator.language));
      roll.decide("title", t("studio.current"));
      roll.decide("subtitle", currentWords(t, current));
      this.#own.touch();
    };
    roll.decide("_follows", [this.#own.topic]);
    tell();
    roll.on("change:_place", tell);
    for (const event of ["change:_current", "change:language"]) {
      this.#model.on(event, tell);
      this.#leave.push(() => this.#model.off(event, tell));
    }
  }
}
