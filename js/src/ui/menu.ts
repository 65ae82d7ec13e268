import { freshId, h, put, say } from "./dom";

export interface MenuItem {
  readonly word: string;
  press(): void;
  readonly disabled?: boolean;
  /** Begins a new group. */
  readonly parted?: boolean;
}

/** A button that opens a list of actions: arrows go through it, Escape and a click elsewhere close it. */
export class Menu {
  readonly el: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly #list = h("div", "mv-menu-list", { role: "menu", id: freshId("menu") });
  readonly #items: () => readonly MenuItem[];

  /** @param items What is on the list, asked for whenever it is opened. */
  constructor(button: HTMLButtonElement, items: () => readonly MenuItem[]) {
    this.button = button;
    this.#items = items;
    this.el = h("div", "mv-menu", {}, button, this.#list);
    put(button, "aria-haspopup", "menu");
    put(button, "aria-controls", this.#list.id);
    button.addEventListener("click", () => (this.#list.hidden ? this.open() : this.close()));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      event.stopPropagation();
      this.open();
    });
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.el.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.el.contains(relatedTarget))) this.close();
    });
    this.close();
  }

  label(label: string): void {
    put(this.#list, "aria-label", label);
  }

  open(): void {
    this.#list.replaceChildren(
      ...this.#items().map(({ word, press, disabled, parted }) => {
        const item = h("button", "mv-button mv-menu-item", {
          type: "button",
          role: "menuitem",
          tabindex: -1,
        });
        item.classList.toggle("mv-parted", parted === true);
        item.disabled = disabled === true;
        say(item, word);
        item.addEventListener("click", () => {
          this.close();
          this.button.focus({ preventScroll: true });
          press();
        });
        return item;
      }),
    );
    this.#show(true);
    this.#buttons()[0]?.focus({ preventScroll: true });
  }

  close(): void {
    this.#show(false);
  }

  #show(open: boolean): void {
    this.#list.hidden = !open;
    put(this.button, "aria-expanded", open ? "true" : "false");
    this.el.classList.toggle("mv-open", open);
  }

  #buttons(): HTMLButtonElement[] {
    return [...this.#list.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];
  }

  #key(event: KeyboardEvent): void {
    const buttons = this.#buttons();
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Escape") {
      this.close();
      this.button.focus({ preventScroll: true });
    } else if (next !== undefined) buttons[(next + buttons.length) % buttons.length]?.focus();
    else if (event.key === "Tab" || event.key === "Enter" || event.key === " ") return;
    event.preventDefault();
    event.stopPropagation();
  }
}
