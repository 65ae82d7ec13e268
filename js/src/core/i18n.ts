import en from "../../../mvae_widgets/i18n/en.json";
import zh from "../../../mvae_widgets/i18n/zh.json";

export type Language = "en" | "zh";
export type Key = keyof typeof en;
export type Values = Readonly<Record<string, string | number>>;
/** Text of a key, `{name}` replaced by the value of that name. */
export type Translate = (key: Key, values?: Values) => string;

export const TABLES: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { en, zh };

export function translator(language: Language): Translate {
  const table = TABLES[language];
  return (key, values) =>
    table[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values?.[name] ?? whole));
}

/** Stems of the keys that exist as `stem.one` and `stem.other`. */
type Counted = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;

/** "1 bar", "2 bars": the form that a count takes. */
export function counted(t: Translate, stem: Counted, count: number): string {
  return t(`${stem}.${count === 1 ? "one" : "other"}` as Key, { n: count });
}

/**
 * The language of a page: Chinese where the setting, the host or the reader's browser says so. A page that calls itself
 * English says little: hosts do so whoever reads.
 */
export function languageOf(setting: string, host: string, browser: string): Language {
  if (setting === "en" || setting === "zh") return setting;
  return [host, browser].some((said) => said.toLowerCase().startsWith("zh")) ? "zh" : "en";
}
