/** What an exported page shows around its widget: the title, and one line on how it was made. */

import { type Language, languageOf, type Translate, translator } from "../core/i18n";
import { h } from "../ui/dom";

export interface PageWords {
  readonly title: string;
  readonly version: string;
  /** The model, and the licence of its weights; empty where there is none, or it is not known. */
  readonly model: string;
  readonly licence: string;
}

/** The reader's language, and its words; `setting` is the widget's trait. */
export function readersLanguage(setting: string): { language: Language; t: Translate } {
  const language = languageOf(setting, "", navigator.language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  return { language, t: translator(language) };
}

/** Builds the page; gives back where the widget goes. */
export function buildPage(main: HTMLElement, words: PageWords, t: Translate): HTMLElement {
  const { title, version, model, licence } = words;
  const holder = h("div", "mv-page-widget");
  const made = [t("page.made", { version })];
  if (model) made.push(licence ? t("page.licence", { model, licence }) : t("page.model", { model }));
  if (title) main.append(h("h1", "mv-page-title", {}, title));
  main.append(holder, h("p", "mv-page-made", {}, made.join(" ")));
  return holder;
}

export function sayDamaged(main: HTMLElement, what: string): void {
  const { t } = readersLanguage("auto");
  const text = `${t("page.damaged", { what })} ${t("page.damaged.hint")}`;
  main.replaceChildren(h("p", "mv-page-damaged", { role: "alert" }, text));
}
