// Chooses the view that the address names, and shows it.
import * as api from "./api.js";
import { conditionsView } from "./conditions.js";
import { connectView } from "./connect.js";
import { deviceView } from "./device.js";
import { devicesView } from "./devices.js";
import { el, problem, refreshTimes, toast } from "./dom.js";
import { eventsView } from "./events.js";
import { start } from "./live.js";

const VIEWS = { devices: devicesView, events: eventsView, conditions: conditionsView, connect: connectView };

let hub = null;
let current = { key: null };

/** `#/devices/NAME/MODULE?x=y` as the name of a view, its arguments and its parameters. */
function address() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const [, name = "devices", ...rest] = path.split("/");
  return { name, words: rest.map(decoded), parameters: new URLSearchParams(query) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function navigate(first = false) {
  if (location.hash === "#content") return;
  const { name, words, parameters } = address();
  const isDevice = name === "devices" && words.length > 0;
  const key = isDevice ? `device ${words[0]}` : name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (key === current.key && current.go) {
    current.go(words, parameters);
    return;
  }
  current.close?.();
  const main = document.getElementById("content");
  const view = isDevice ? deviceView(hub, words) : (Object.hasOwn(VIEWS, name) ? VIEWS[name] : devicesView)(hub, parameters);
  current = { ...view, key };
  document.title = `${view.title} · ${hub.host}`;
  main.replaceChildren(el("h1", { tabindex: -1 }, view.title), ...view.content);
  if (!first) main.firstElementChild.focus({ preventScroll: true });
  scrollTo(0, 0);
  main.setAttribute("aria-busy", "true");
  try {
    await view.load?.();
  } catch (error) {
    if (current.key === key) main.append(problem(error.message));
  }
  if (current.key === key) main.setAttribute("aria-busy", "false");
}

async function begin() {
  try {
    hub = await api.hub();
  } catch (error) {
    document.getElementById("content").replaceChildren(problem(error.message));
    return;
  }
  document.getElementById("host").textContent = hub.host;
  addEventListener("hashchange", () => navigate());
  addEventListener("unhandledrejection", (event) => toast(String(event.reason?.message ?? event.reason), true));
  addEventListener("keydown", (event) => {
    const search = document.querySelector("input[type=search]");
    const typing = event.target.matches("input, textarea, select");
    if (event.key === "/" && search && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    }
  });
  setInterval(refreshTimes, 15_000);
  start();
  await navigate(true);
}

begin();
