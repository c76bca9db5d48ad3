// Elements from values. All text becomes text nodes: nothing that a device says is ever markup.

/** An element. `on` has listeners; other attributes are set, true ones empty, null ones not. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A JSON value as text: strings as they are. An object of a device can have a `toString` of its own. */
export const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** A labelled field of a form. */
export function field(label, control, hint) {
  return el("label", { class: "field" }, el("span", {}, label), control, hint && el("small", {}, hint));
}

export function button(text, listener, attributes = {}) {
  return el("button", { type: "button", ...attributes, on: { click: listener } }, text);
}

export function select(options, value, attributes = {}) {
  return el("select", attributes, options.map(([name, text]) =>
    el("option", { value: name, selected: name === value }, text)));
}

/** A short word with a colour: good, warn, bad or none. */
export function chip(text, kind = "", title = null) {
  return el("span", { class: `chip ${kind}`, title }, text);
}

/** What went wrong, or cannot be. */
export const problem = (text) => el("p", { class: "problem" }, text);

/** Terms and what they are, from pairs. */
export function facts(pairs) {
  return el("dl", { class: "details" }, pairs.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

/** A table: the titles of its columns, and its body. */
export function table(kind, titles, body) {
  // Roles are said, since the style of a narrow screen takes those of the elements away.
  return el("div", { class: "panel" }, el("table", { class: kind, role: "table" },
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, titles.map((title) => el("th", { scope: "col", role: "columnheader" }, title)))),
    body));
}

/** Shows in `place` what `ask` gives, or what is wrong; nobody asks twice meanwhile. */
export async function answer(asked, place, meanwhile, ask) {
  asked.disabled = true;
  place.replaceChildren(el("p", { class: "soft" }, meanwhile));
  try {
    place.replaceChildren(...[await ask()].flat());
  } catch (error) {
    place.replaceChildren(problem(error.message));
  } finally {
    asked.disabled = false;
  }
}

export const deviceLink = (...names) => `#/devices/${names.filter(Boolean).map(encodeURIComponent).join("/")}`;

/** Whether something is connected, by a shape as well as a colour. */
export function connection(connected) {
  return el("span", { class: connected ? "on" : "off" }, el("span", { class: "dot" }), connected ? "connected" : "not connected");
}

/** A long text, of which the beginning is shown until one asks for all of it. */
export function clipped(text, most = 240) {
  if (text.length <= most) return text;
  const shown = el("span", {}, `${text.slice(0, most)}…`);
  const more = button(`all ${text.length.toLocaleString("en")} characters`, () => {
    shown.textContent = text;
    more.remove();
  }, { class: "link" });
  return el("span", {}, shown, " ", more);
}

/** Say something in passing, to eyes and screen readers. */
export function toast(text, bad = false) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.className = bad ? "toast shown bad" : "toast shown";
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { place.className = "toast"; place.textContent = ""; }, bad ? 8000 : 2500);
}

/** A text with a button that copies it. */
export function copyable(text, name, multiline = false) {
  const code = el(multiline ? "pre" : "code", { class: "copied", tabindex: multiline ? 0 : null, role: multiline ? "region" : null, "aria-label": multiline ? name : null }, text);
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(`${name} copied`);
    } catch {
      getSelection().selectAllChildren(code);
      toast("Selected: the browser does not let the page copy");
    }
  }, { class: "small", "aria-label": `Copy ${name}` });
  return el("div", { class: "copy" }, code, copy);
}

export const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

const NEVER = "0001-";
const UNITS = [[60, "s"], [3600, "min"], [86400, "h"], [Infinity, "d"]];

/** A time as how long ago it was. */
export function ago(text) {
  if (typeof text !== "string" || text.startsWith(NEVER) || Number.isNaN(Date.parse(text))) return el("span", { class: "soft" }, "never");
  return el("time", { datetime: text, title: `${text.slice(0, 19).replace("T", " ")} UTC` }, since(text));
}

function since(text) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(text)) / 1000));
  if (seconds < 5) return "now";
  const index = UNITS.findIndex(([end]) => seconds < end);
  const divisor = index ? UNITS[index - 1][0] : 1;
  return `${Math.floor(seconds / divisor)} ${UNITS[index][1]} ago`;
}

/** Let the times on the page go on. */
export function refreshTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) time.textContent = since(time.dateTime);
}
