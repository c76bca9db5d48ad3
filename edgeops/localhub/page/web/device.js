// One device: its twins, what it can be asked, and how to connect as it.
import * as api from "./api.js";
import { messagePanel, methodPanel } from "./ask.js";
import { connectionPanel } from "./connect.js";
import { ago, answer, asText, button, chip, connection, deviceLink, el, facts, problem, toast } from "./dom.js";
import { stateChip } from "./devices.js";
import { listen } from "./live.js";
import { gitTable, propertiesTable, tagsTable } from "./twin_table.js";

const AGENT = "$edgeAgent";
const MILLISECONDS_BETWEEN_LOOKS = 500;

const property = (value, ...keys) => keys.reduce((inner, key) => (inner !== null && typeof inner === "object" && Object.hasOwn(inner, key) ? inner[key] : undefined), value);

export function deviceView(hub, words) {
  const [name] = words;
  let [, chosen = ""] = words;
  let twins = [];
  let timer = null;
  let closed = false;

  const summary = el("div");
  const list = el("ul", { class: "twins" });
  const pane = el("div", { class: "pane" });
  const [details, tags] = [el("div"), el("div")];
  let properties = null;
  const place = el("div", { class: "device" }, el("nav", { "aria-label": "Twins of the device" }, list), pane);
  const result = el("div", { role: "status" });

  async function load(anew = true) {
    twins = (await api.device(name)).twins;
    if (!closed) render(anew);
  }

  const twinOf = (module) => twins.find((twin) => (twin.moduleId ?? "") === module);

  function render(anew) {
    const agent = twinOf(AGENT);
    summary.replaceChildren(summaryOf(twins, agent));
    list.replaceChildren(...twins.map((twin) => item(twin, agent)));
    const twin = twinOf(chosen);
    if (!twin) {
      pane.replaceChildren(problem(`${name} has no module ${chosen}.`));
      return;
    }
    if (anew) {
      properties = propertiesTable(twin);
      pane.replaceChildren(
        el("h2", { class: "twin-name" }, twin.moduleId ?? "Device twin"),
        details, properties.element, tags, methodPanel(name, chosen), chosen ? "" : messagePanel(name), connectPanel());
    } else {
      properties.update(twin);
    }
    details.replaceChildren(detailsOf(twin, agent));
    if (!tags.contains(document.activeElement)) tags.replaceChildren(tagsTable(twin.tags) ?? "");
  }

  function item(twin, agent) {
    const module = twin.moduleId ?? "";
    const status = property(agent, "properties", "reported", "modules", module, "runtimeStatus");
    return el("li", {}, el("a", { href: deviceLink(name, module), "aria-current": module === chosen ? "true" : null },
      el("span", { class: twin.connectionState === "Connected" ? "on" : "off" }, el("span", { class: "dot" })),
      el("span", { class: "name" }, module || "Device"),
      typeof status === "string" ? chip(status, status === "running" ? "good" : ["backoff", "failed", "unhealthy"].includes(status) ? "bad" : "warn") : null));
  }

  function connectPanel() {
    const body = el("div");
    const details = el("details", { class: "fold" }, el("summary", {}, "Connect as ", chosen || "this device"), body);
    details.addEventListener("toggle", () => {
      if (details.open && !body.firstChild) body.append(connectionPanel({ device: name, module: chosen }));
    });
    return details;
  }

  const compare = button("Compare with git", () =>
    answer(compare, result, "Comparing …", async () => gitTable(await api.compare(name))), { class: "small" });

  function summaryOf(all, agent) {
    const [owner] = all;
    const reported = property(agent, "properties", "reported", "lastDesiredStatus");
    const code = property(reported, "code");
    return el("p", { class: "facts" },
      connection(all.some((twin) => twin.connectionState === "Connected")),
      owner.capabilities?.iotEdge ? chip("edge") : null,
      owner.status === "enabled" ? null : chip("disabled", "warn"),
      code !== undefined && code !== 200 ? stateChip("refused", `deployment: ${asText(code)} ${asText(property(reported, "description") ?? "")}`.slice(0, 300)) : null,
      el("a", { href: `#/events?device=${encodeURIComponent(name)}` }, "Its events"));
  }

  const stop = listen((events) => {
    if (timer === null && events.some((event) => event.device === name && event.kind !== "telemetry")) {
      timer = setTimeout(async () => {
        timer = null;
        try {
          await load(false);
        } catch (error) {
          toast(error.status === 404 ? "The device was deleted." : error.message, true);
        }
      }, MILLISECONDS_BETWEEN_LOOKS);
    }
  });

  return {
    title: name,
    content: [
      summary,
      ...(hub.git ? [el("div", { class: "note" },
        el("p", {}, "Git is the writer of desired properties and tags: change them there, then run ", el("code", {}, "edgeops sync"), "."),
        compare)] : []),
      result,
      place,
    ],
    load,
    go([, module = ""]) {
      chosen = module;
      if (twins.length) {
        render(true);
        list.querySelector("[aria-current]")?.focus();
      }
    },
    close() {
      closed = true;
      stop();
      clearTimeout(timer);
    },
  };
}

function detailsOf(twin, agent) {
  const { desired, reported } = twin.properties;
  const module = twin.moduleId ?? "";
  const image = property(agent, "properties", "reported", "modules", module, "settings", "image") ?? property(agent, "properties", "desired", "modules", module, "settings", "image");
  const applied = twin.configurations ? Object.keys(twin.configurations) : [];
  const never = (text) => typeof text !== "string" || text.startsWith("0001-");
  const pairs = [
    ["Desired", [`version ${desired.$version}, `, ago(desired.$metadata?.$lastUpdated)]],
    ["Reported", [`version ${reported.$version}, `, ago(reported.$metadata?.$lastUpdated)]],
    ["Active", [ago(twin.lastActivityTime)]],
    ["Authentication", [twin.authenticationType]],
    ["Etag", [el("code", {}, twin.etag)]],
    image && ["Image", [el("code", {}, asText(image))]],
    twin.modelId && ["Model", [el("code", {}, twin.modelId)]],
    twin.deviceScope && ["Scope", [el("code", {}, twin.deviceScope)]],
    twin.statusReason && ["Status reason", [twin.statusReason]],
    !never(twin.statusUpdateTime) && ["Status since", [ago(twin.statusUpdateTime)]],
    applied.length && ["Configurations", [applied.join(", ")]],
  ].filter(Boolean);
  return facts(pairs);
}
