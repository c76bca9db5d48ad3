// Events as they arrive, the newest first.
import * as api from "./api.js";
import { button, chip, clipped, count, deviceLink, el } from "./dom.js";
import { listen, recent } from "./live.js";

const KINDS = ["telemetry", "twin", "connection", "lifecycle"];
const MAX_SHOWN = 300;
const MAX_WAITING = 5000; // while paused

export function eventsView(hub, parameters) {
  const chosen = new Set(KINDS);
  const rows = el("ol", { class: "events", "aria-label": "Events, the newest first" });
  const device = el("input", { type: "search", id: "search", placeholder: "Device or module", "aria-label": "Only events of this device or module", autocomplete: "off", spellcheck: "false", value: parameters.get("device") });
  const spoken = el("p", { class: "soft", role: "status" });
  let waiting = null; // events that came while paused
  let lost = 0;
  let said = 0;
  let unsaid = 0;

  const kinds = KINDS.map((kind) => {
    const box = el("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(kind);
      else chosen.delete(kind);
      render();
    });
    return el("label", { class: "check" }, box, kind);
  });
  const pause = button("Pause", () => {
    if (waiting === null) {
      waiting = [];
      pause.textContent = "Continue";
    } else {
      waiting = null;
      lost = 0;
      pause.textContent = "Pause";
      render();
    }
    pause.setAttribute("aria-pressed", String(waiting !== null));
    describe();
  }, { "aria-pressed": "false" });
  device.addEventListener("input", render);

  const matches = (event, words) => chosen.has(event.kind) && words.every((word) => `${event.device}/${event.module}`.toLowerCase().includes(word));
  const wordsOf = () => device.value.toLowerCase().split(/\s+/).filter(Boolean);

  function render() {
    const words = wordsOf();
    rows.replaceChildren(...recent.filter((event) => matches(event, words)).slice(-MAX_SHOWN).reverse().map(line));
    describe();
  }

  function describe() {
    const text = waiting !== null ? `Paused; ${count(waiting.length, "new event")}`
      : rows.childElementCount ? `${count(rows.childElementCount, "event")} shown${lost ? `, ${lost.toLocaleString("en")} came too fast to show` : ""}`
      : recent.length ? "No event matches." : "No events yet.";
    if (spoken.textContent !== text) spoken.textContent = text;
  }

  const stop = listen((events, skipped) => {
    lost += skipped;
    if (waiting !== null) {
      waiting.push(...events);
      waiting.splice(0, waiting.length - MAX_WAITING);
      soon();
      return;
    }
    const words = wordsOf();
    rows.prepend(...events.filter((event) => matches(event, words)).slice(-MAX_SHOWN).reverse().map(line));
    while (rows.childElementCount > MAX_SHOWN) rows.lastElementChild.remove();
    soon();
  });

  /** Say how many there are, at most every two seconds: a screen reader reads it. */
  function soon() {
    clearTimeout(unsaid);
    const wait = Math.max(0, said + 2000 - Date.now());
    unsaid = setTimeout(() => { said = Date.now(); describe(); }, wait);
  }

  return {
    title: "Events",
    content: [
      el("div", { class: "tools" }, device, el("fieldset", { class: "kinds" }, el("legend", { class: "hidden" }, "Kinds"), kinds), pause),
      spoken,
      rows,
    ],
    async load() { render(); },
    go(_, changed) {
      device.value = changed.get("device") ?? "";
      render();
    },
    close() {
      stop();
      clearTimeout(unsaid);
    },
  };
}

function line(event) {
  const full = button("Details", async () => {
    const place = el("pre", { tabindex: 0, role: "region", "aria-label": `Event ${event.n}` });
    try {
      place.append(clipped(JSON.stringify(await api.event(event.n), null, 2), 20_000));
    } catch (error) {
      place.append(error.message);
    }
    full.replaceWith(place);
    place.focus();
  }, { class: "link", "aria-label": `Details of event ${event.n}` });
  return el("li", {},
    el("time", { class: "clock", title: `${event.time.slice(0, 19).replace("T", " ")} UTC` }, clock(event.time)),
    chip(event.kind, `kind ${event.kind}`),
    el("a", { href: deviceLink(event.device, event.module), class: "who" }, event.device, event.module ? el("span", { class: "soft" }, `/${event.module}`) : null),
    el("span", { class: "what" }, event.what ? el("span", { class: "operation" }, event.what) : null, " ", event.text ? el("code", {}, event.cut ? `${event.text}…` : event.text) : null),
    full);
}

function clock(text) {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? "" : time.toLocaleTimeString("en-GB");
}
