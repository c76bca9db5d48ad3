// Desired beside reported properties, value by value, and tags.
import { ago, asText, clipped, count, el, table } from "./dom.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const at = (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);
const keysOf = (value) => (isObject(value) ? Object.keys(value).filter((key) => !key.startsWith("$")) : []);
const updated = (metadata, key) => at(at(metadata, key), "$lastUpdated");

/** Two values are the same if their JSON is, whatever the order of keys. */
function same(a, b) {
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => same(item, b[index]));
  return a === b;
}

/** The rows below two sections, group by group: `{key, depth, desired, reported, group, differs, at}`. */
function* walk(desired, reported, desiredTimes, reportedTimes, depth = 0) {
  const keys = [...new Set([...keysOf(desired), ...keysOf(reported)])].sort();
  for (const key of keys) {
    const [d, r] = [at(desired, key), at(reported, key)];
    const group = isObject(d) || isObject(r);
    const both = d !== undefined && r !== undefined;
    const times = [updated(desiredTimes, key), updated(reportedTimes, key)].filter((time) => typeof time === "string");
    const below = group ? [...walk(d, r, at(desiredTimes, key), at(reportedTimes, key), depth + 1)] : [];
    const differs = both && !(isObject(d) && isObject(r)) && !same(d, r);
    yield { key, depth, desired: isObject(d) && keysOf(d).length ? undefined : d, reported: isObject(r) && keysOf(r).length ? undefined : r, group, differs, time: times.sort().at(-1), inside: below.some((row) => row.differs || row.inside) };
    yield* below;
  }
}

/** A value as text: strings as they are, all else as JSON. */
export function valueText(value) {
  const text = asText(value);
  return el("span", { class: typeof value === "string" ? "text" : "json" }, clipped(text === "" ? '""' : text));
}

function cell(value, name, className = "") {
  const empty = value === undefined;
  return el("td", { role: "cell", class: `value ${className} ${empty ? "empty" : ""}`, "data-name": name }, empty ? el("span", { class: "soft" }, "–") : valueText(value));
}

/** Desired beside reported properties of a twin: `{element, update}` with a newer twin. */
export function propertiesTable(twin) {
  let rows = [];
  const said = el("p");
  const box = el("input", { type: "checkbox" });
  const only = el("label", { class: "check" }, box, "Only these");
  const body = el("tbody", { role: "rowgroup" });
  const panel = table("twin", ["Property", "Desired", "Reported", "Changed"], body);
  box.addEventListener("change", fill);

  function fill() {
    if (body.contains(document.activeElement)) return; // somebody reads a long value
    const some = box.checked && !only.hidden;
    body.replaceChildren(...rows.filter((row) => !some || row.differs || row.inside).map(line));
  }

  function update({ properties: { desired, reported } }) {
    rows = [...walk(desired, reported, desired.$metadata, reported.$metadata)];
    const differing = rows.filter((row) => row.differs).length;
    said.className = differing ? "warn-text" : "soft";
    said.textContent = rows.length === 0 ? "It has no properties, desired or reported."
      : differing === 0 ? "No desired value differs from a reported one"
      : `${count(differing, "value differs", "values differ")} from what is reported`;
    only.hidden = differing === 0;
    panel.hidden = rows.length === 0;
    fill();
  }

  update(twin);
  return { element: el("section", {}, el("h3", {}, "Properties"), el("div", { class: "tools" }, said, only), panel), update };
}

function keyOf(row) {
  return el("th", { scope: "row", role: "rowheader", class: `key depth${Math.min(row.depth, 6)}` }, row.key);
}

function line(row) {
  const name = keyOf(row);
  const lone = row.group && row.desired === undefined && row.reported === undefined;
  if (lone) return el("tr", { role: "row", class: "group" }, name, el("td", { role: "cell", colspan: 3, class: "rest" }));
  return el("tr", { role: "row", class: row.differs ? "differs" : null },
    name,
    cell(row.desired, "Desired"),
    cell(row.reported, row.differs ? "Reported, differs" : "Reported"),
    el("td", { role: "cell", class: "time" }, row.time ? ago(row.time) : null));
}

/** The tags of a twin, or nothing. */
export function tagsTable(tags) {
  const rows = [...walk(tags ?? {}, {}, {}, {})];
  if (rows.length === 0) return null;
  return el("section", {}, el("h3", {}, "Tags"),
    table("twin tags", ["Tag", "Value"], el("tbody", { role: "rowgroup" }, rows.map((row) =>
      el("tr", { role: "row", class: row.group ? "group" : null }, keyOf(row),
        row.group && row.desired === undefined ? el("td", { role: "cell", class: "rest" }) : cell(row.desired, "Value"))))));
}

/** What `edgeops device show` says of a device: git, hub and device side by side. */
export function gitTable(document) {
  const all = document.sections.flatMap((section) => section.values.map((value) => ({ ...value, of: `${section.module ?? "device"} ${section.section}` })));
  const differing = all.filter((value) => value.differs && !value.ignored);
  const revision = String(document.revision ?? "").slice(0, 9);
  const head = el("p", {}, el("span", { class: "soft" }, `At ${revision || "HEAD"}: `),
    document.inSync ? "in sync with git" : `${count(differing.length, "value")} not as in git`,
    document.refusal ? `; refused: ${asText(document.refusal)}` : "");
  if (differing.length === 0) return head;
  const shown = (value) => (value === null || value === undefined ? undefined : value);
  return el("div", {}, head, table("twin", ["Value", "Git", "Hub", "Why"],
    el("tbody", { role: "rowgroup" }, differing.map((value) => el("tr", { role: "row", class: "differs" },
      el("th", { scope: "row", role: "rowheader", class: "key" }, el("small", {}, value.of), " ", value.pointer),
      cell(shown(value.git), "Git"), cell(shown(value.hub), "Hub"),
      el("td", { role: "cell", class: "time" }, value.differs))))));
}
