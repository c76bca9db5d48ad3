// The events of the hub as they arrive. The newest are kept for the view that lists them.
import * as api from "./api.js";

const MAX_KEPT = 500;
const SECONDS_TO_COME_AGAIN = 5;

export const recent = []; // the oldest first
const listeners = new Set();
let source = null;
let last = 0;

/** Hear of new events: `listener(events, skipped)`. Gives how to stop. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(events, skipped = 0) {
  for (const listener of listeners) listener(events, skipped);
}

function show(text, kind) {
  const place = document.getElementById("live");
  place.className = `live ${kind}`;
  if (place.lastElementChild.textContent !== text) place.lastElementChild.textContent = text;
}

function open() {
  if (source !== null) return;
  source = new EventSource(`/page/api/events?after=${last}`);
  source.addEventListener("open", () => show("live", "on"));
  source.addEventListener("error", () => {
    if (source === null) return;
    show("no connection", "off");
    if (source.readyState === EventSource.CLOSED) { // else it comes again by itself
      source = null;
      setTimeout(comeAgain, SECONDS_TO_COME_AGAIN * 1000);
    }
  });
  source.addEventListener("hub", ({ data }) => {
    const fresh = JSON.parse(data).filter((event) => event.n > last);
    if (fresh.length === 0) return;
    last = fresh.at(-1).n;
    recent.push(...fresh);
    recent.splice(0, recent.length - MAX_KEPT);
    tell(fresh);
  });
  source.addEventListener("skipped", ({ data }) => tell([], Number(data)));
}

/** A hub that was started again has another session, for which any answer leads to the door. */
async function comeAgain() {
  try {
    await api.hub();
    open();
  } catch {
    setTimeout(comeAgain, SECONDS_TO_COME_AGAIN * 1000);
  }
}

function close() {
  source?.close();
  source = null;
  show("paused", "");
}

/** Follow the events while the page is in front: browsers have few connections for one host. */
export function start() {
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}
