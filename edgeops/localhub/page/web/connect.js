// Connection strings, hidden until one asks for them, and the lines for SDKs.
import * as api from "./api.js";
import { button, copyable, el, facts, field, problem, select } from "./dom.js";

/** A panel that fetches the connection string of a device, module or policy when asked. */
export function connectionPanel(of) {
  const place = el("div", { class: "strings", role: "group", "aria-label": "Connection string" });
  const ask = () => {
    place.replaceChildren(el("p", { class: "soft" }, "It holds a key. "), button("Show the connection string", show));
  };
  async function show() {
    try {
      const { string, lines } = await api.connection(of);
      place.replaceChildren(
        copyable(string, "Connection string"),
        ...lines.flatMap(({ title, text }) => [el("h4", {}, title), copyable(text, title, true)]),
        button("Hide", () => { ask(); place.querySelector("button").focus(); }));
      place.querySelector("button").focus();
    } catch (error) {
      place.replaceChildren(problem(error.message));
    }
  }
  ask();
  return place;
}

export function connectView(hub) {
  const policies = select(hub.policies.map((policy) => [policy, policy]), "iothubowner");
  const place = el("div");
  const choose = () => place.replaceChildren(connectionPanel({ policy: policies.value }));
  policies.addEventListener("change", choose);
  choose();
  const rows = [
    ["HTTPS", el("code", {}, `https://${hub.host}`)],
    ["MQTT", hub.mqttPort ? el("code", {}, `mqtts://${hub.host.split(":")[0]}:${hub.mqttPort}`) : "off"],
    ["Certificate to trust", el("code", {}, hub.caFile)],
    ["edgeops", hub.version],
  ];
  return {
    title: "Connect",
    content: [
      facts(rows),
      el("h2", {}, "As a service"),
      el("div", { class: "fields" }, field("Policy", policies)),
      place,
      el("h2", {}, "As a device or module"),
      el("p", {}, "Its connection string is on the page of the ", el("a", { href: "#/devices" }, "device"), "."),
    ],
  };
}
