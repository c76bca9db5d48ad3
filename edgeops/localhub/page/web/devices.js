// The list of devices: fetched once, then only those that events are about.
import * as api from "./api.js";
import { ago, button, chip, connection, count, deviceLink, el, select, toast } from "./dom.js";
import { listen } from "./live.js";

const SHOWN_AT_ONCE = 100;
const MAX_NAMED = 40; // when more have changed, the list is fetched again
const SECONDS_BETWEEN_LOOKS = 1;

const STATES = { refused: "bad", failing: "bad", pending: "warn", running: "good" };
const ORDER = [...Object.keys(STATES), ""];
const HEALTH = { Converged: "good", Progressing: "warn", Degraded: "bad", Offline: "warn" }; // others have no colour
const FILTERS = [
  ["all", "All devices"],
  ["connected", "Connected"],
  ["away", "Not connected"],
  ["trouble", "Needs attention"],
  ["drift", "Not in sync with git"],
];

/** What an IoT Edge runtime reports of itself, as a chip. */
export function stateChip(state, reason) {
  if (!(state in STATES)) return el("span", { class: "soft" }, "–");
  return el("span", { class: "says" }, chip(state, STATES[state]), reason && el("small", {}, reason));
}

export function devicesView(hub, parameters) {
  let devices = new Map(); // by id, in order of the id
  let git = null; // what git says of each, once they were compared
  let shown = [];
  let sort = { column: "id", down: false };
  const rows = new Map();
  const changed = new Set();
  let timer = null;
  let closed = false;

  const search = el("input", { type: "search", id: "search", placeholder: "Search (press /)", "aria-label": "Search devices", autocomplete: "off", spellcheck: "false", value: parameters.get("search") });
  const filters = hub.git ? FILTERS : FILTERS.slice(0, -1);
  const filter = select(filters, "all", { "aria-label": "Which devices" });
  const summary = el("p", { class: "soft", role: "status" });
  const body = el("tbody");
  const more = button("Show more", () => extend(), { class: "more" });
  const compare = button("Compare with git", compareAll);
  const columns = [
    ["id", "Device"], ["connected", "Connection"], ["state", "Reports", "reports"],
    ["health", "Git"], ["modules", "Modules"], ["active", "Active"],
  ].filter(([name]) => name !== "health" || hub.git);
  const heads = columns.map(([name, title, kind = name]) =>
    el("th", { scope: "col", class: kind }, button(title, () => sortBy(name), { class: "head" })));
  const table = el("table", { class: "devices" },
    el("thead", {}, el("tr", {}, heads)), body);

  search.addEventListener("input", render);
  filter.addEventListener("change", render);
  const watcher = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) extend();
  }, { rootMargin: "600px" });

  function sortBy(column) {
    sort = { column, down: sort.column === column && !sort.down };
    render();
  }

  const health = (device) => git?.get(device.id)?.health ?? "";

  function matches(device, words) {
    const text = `${device.id} ${device.state} ${device.reason} ${health(device)}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    switch (filter.value) {
      case "connected": return device.connected === 1;
      case "away": return device.connected === 0;
      case "trouble": return needsAttention(device);
      case "drift": return git?.get(device.id)?.inSync === false;
      default: return true;
    }
  }

  function needsAttention(device) {
    return ["refused", "failing"].includes(device.state) || health(device) === "Degraded";
  }

  function rank(device) {
    switch (sort.column) {
      case "state": return ORDER.indexOf(device.state);
      case "health": return health(device) || "~";
      case "connected": case "modules": return -device[sort.column];
      case "active": return -Date.parse(device.active) || 0;
      default: return device.id;
    }
  }

  function render() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = [...devices.values()].filter((device) => matches(device, words));
    const ranks = new Map(shown.map((device) => [device.id, rank(device)]));
    const [less, greater] = sort.down ? [1, -1] : [-1, 1];
    shown.sort((a, b) => (ranks.get(a.id) < ranks.get(b.id) ? less : ranks.get(a.id) > ranks.get(b.id) ? greater : 0));
    heads.forEach((head, index) => {
      const by = columns[index][0] === sort.column;
      if (by) head.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    rows.clear();
    body.replaceChildren();
    extend();
    describe();
  }

  function describe() {
    const all = [...devices.values()];
    const connected = all.filter((device) => device.connected).length;
    const trouble = all.filter(needsAttention).length;
    const parts = [
      shown.length === all.length ? count(all.length, "device") : `${shown.length.toLocaleString("en")} of ${count(all.length, "device")}`,
      `${connected.toLocaleString("en")} connected`,
      trouble && `${trouble.toLocaleString("en")} ${trouble === 1 ? "needs" : "need"} attention`,
    ].filter(Boolean);
    const text = all.length ? parts.join(" · ") : "There are no devices yet: create them with `edgeops sync`.";
    if (summary.textContent !== text) summary.textContent = text;
  }

  function extend() {
    const start = rows.size;
    for (const device of shown.slice(start, start + SHOWN_AT_ONCE)) {
      const row = el("tr");
      fill(row, device);
      rows.set(device.id, row);
      body.append(row);
    }
    more.hidden = rows.size >= shown.length;
  }

  function fill(row, device) {
    const cells = {
      id: el("th", { scope: "row", class: "id" },
        el("a", { href: deviceLink(device.id) }, device.id),
        device.edge ? chip("edge") : null, device.enabled ? null : chip("disabled", "warn")),
      connected: el("td", { class: "connected" }, connection(device.connected === 1)),
      state: el("td", { class: "reports" }, stateChip(device.state, device.reason)),
      health: el("td", { class: "health" }, gitCell(device)),
      modules: el("td", { class: "modules" }, device.modules ? String(device.modules) : el("span", { class: "soft" }, "–")),
      active: el("td", { class: "active" }, ago(device.active)),
    };
    row.replaceChildren(...columns.map(([name]) => cells[name]));
  }

  function gitCell(device) {
    const seen = git?.get(device.id);
    if (!seen) return el("span", { class: "soft" }, git ? "not in git" : "–");
    return el("span", { class: "says" }, chip(seen.health, HEALTH[seen.health] ?? ""),
      seen.inSync ? null : chip("not in sync", "warn"), seen.reason && el("small", {}, seen.reason));
  }

  async function compareAll() {
    compare.disabled = true;
    compare.textContent = "Comparing …";
    try {
      const document = await api.compare(null);
      git = new Map(document.devices.map((device) => [device.device, device]));
      render();
      toast(`Compared with commit ${document.revision.slice(0, 9)}`);
    } catch (error) {
      toast(error.message, true);
    } finally {
      compare.disabled = false;
      compare.textContent = "Compare with git";
    }
  }

  function take(document) {
    return document.rows.map((row) => Object.fromEntries(document.columns.map((name, index) => [name, row[index]])));
  }

  async function load() {
    devices = new Map(take(await api.devices()).map((device) => [device.id, device]));
    if (!closed) render();
  }

  /** Look again at the devices that events were about, all at once. */
  async function look() {
    timer = null;
    const names = [...changed];
    changed.clear();
    try {
      const known = names.every((name) => devices.has(name));
      const fresh = known && names.length <= MAX_NAMED ? take(await api.devicesNamed(names)) : null;
      if (closed) return;
      if (fresh === null || fresh.length < names.length) {
        await load();
        return;
      }
      for (const device of fresh) {
        devices.set(device.id, device);
        const row = rows.get(device.id);
        if (row && !row.contains(document.activeElement)) fill(row, device);
      }
      describe();
    } catch (error) {
      toast(error.message, true);
    }
  }

  const stop = listen((events) => {
    for (const event of events) changed.add(event.device);
    if (changed.size && timer === null) {
      timer = setTimeout(look, (changed.size > MAX_NAMED ? 5 : SECONDS_BETWEEN_LOOKS) * 1000);
    }
  });
  watcher.observe(more);

  return {
    title: "Devices",
    content: [
      el("div", { class: "tools" }, search, filter, hub.git ? compare : null),
      summary,
      el("div", { class: "panel" }, table),
      more,
    ],
    load,
    close() {
      closed = true;
      stop();
      watcher.disconnect();
      clearTimeout(timer);
    },
  };
}
