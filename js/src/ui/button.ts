import { h, put } from "./dom";
import { type IconName, icon } from "./icons";

/** A button that is disabled under the focus would drop it out of the widget: it goes to the widget's root. */
export function disable(button: HTMLButtonElement, off: boolean): void {
  if (off && button.matches(":focus"))
    button.closest<HTMLElement>(".mv-root[tabindex]")?.focus({ preventScroll: true });
  button.disabled = off;
}

/** A button of one icon; its name is the tooltip and what a screen reader says. */
export class IconButton {
  readonly el: HTMLButtonElement;
  #icon: IconName;

  constructor(name: IconName, className: string, pressed: () => void) {
    this.#icon = name;
    this.el = h("button", className, { type: "button" }, icon(name));
    this.el.addEventListener("click", pressed);
  }

  update(options: { label: string; icon?: IconName; on?: boolean }): void {
    put(this.el, "aria-label", options.label);
    put(this.el, "title", options.label);
    if (options.on !== undefined) put(this.el, "aria-pressed", options.on ? "true" : "false");
    if (options.icon && options.icon !== this.#icon) {
      this.#icon = options.icon;
      this.el.replaceChildren(icon(options.icon));
    }
  }
}
