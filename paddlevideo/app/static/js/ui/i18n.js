// The page's words: one flat JSON file a language, chosen by the browser and by a switch.

/** @type {Record<string, string>} */
export const LANGUAGES = { en: "English", "zh-CN": "简体中文" };
const KEPT = "manet.language";
/** @type {Record<string, string>} */
let words = {};
/** @type {Record<string, string>} */
let english = {};
let language = "en";

/** Load the words of the language kept in the browser, else of the browser's own. */
export async function loadWords() {
  english = await read("en");
  await choose(localStorage.getItem(KEPT) ?? preferred());
}

/** Take words that are there, in the browser's own language. @param {Record<string, Record<string, string>>} all by language */
export function giveWords(all) {
  english = all.en;
  language = preferred();
  words = all[language];
}

/** Change the language and keep the choice. @param {string} name */
export async function setLanguage(name) {
  localStorage.setItem(KEPT, name);
  await choose(name);
}

export const currentLanguage = () => language;

/**
 * The words of `key`, its `{gaps}` filled with `values`; the key itself where there are none.
 * @param {string} key
 * @param {object} values
 */
export function t(key, values = {}) {
  const text = words[key] ?? english[key] ?? key;
  const gaps = /** @type {Record<string, unknown>} */ (values);
  return text.replace(/\{(\w+)\}/g, (gap, name) => String(gaps[name] ?? gap));
}

/** What went wrong, in the page's language: by the error's code, else its own message. @param {Failure} error */
export function errorText(error) {
  const key = `error.${error.code}`;
  if (!(key in english)) return error.message || t("error.unknown");
  return t(key, { ...error.values, ...reasonOf(error), message: error.message });
}

/** Why a file cannot be read, in the page's language; in English a reader's own words where there are none. @param {Failure} error */
function reasonOf({ values }) {
  const code = values?.reason_code;
  return !code || (code === "other" && words === english) ? {} : { reason: t(`reason.${code}`, values) };
}

/** @param {number} value */
export const formatNumber = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

/** Bytes as a person reads them, such as 3.2 MB. @param {number} bytes */
export function formatBytes(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${formatNumber(bytes / 1000 ** step, step > 1 ? 1 : 0)} ${units[step]}`;
}

/** @param {string} iso */
export const formatDate = (iso) =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

/** Seconds of a video as 0:07.25. @param {number} seconds */
export function formatTime(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(2).padStart(5, "0")}`;
}

function preferred() {
  const asked = navigator.languages?.[0] ?? navigator.language ?? "en";
  return asked.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

/** @param {string} name */
async function choose(name) {
  language = name in LANGUAGES ? name : "en";
  words = language === "en" ? english : await read(language);
  document.documentElement.lang = language;
}

/** @param {string} name @returns {Promise<Record<string, string>>} */
async function read(name) {
  const answer = await fetch(`static/words/${name}.json`);
  return answer.ok ? answer.json() : {};
}
