// The events of the hub as they arrive. The newest are kept for the view that lists them.

const MAX_KEPT = 500;

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
    if (source.readyState === EventSource.CLOSED) { // such as when the session has ended
      source = null;
      setTimeout(open, 5000);
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
