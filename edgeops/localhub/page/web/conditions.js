// Bad days: throttles, delays and faults of the hub, as they are and to change.
import * as api from "./api.js";
import { button, chip, el, field, select, table, toast } from "./dom.js";

const WHAT = [
  ["drop", "is dropped"],
  ["cut", "is done, without an answer"],
  ["slow", "is slow, by seconds:"],
  ["status", "gets the HTTP status:"],
];
const FAULT = /^(\*|[a-z-]+)=(drop|cut|slow|\d{3})(?::([\d.]+))?(?:@([\d.]+)%)?$/;

export function conditionsView(hub) {
  const sku = select([["", "no throttles"], ...hub.skus.map((name) => [name, name])], "");
  const units = el("input", { type: "number", min: 1, max: 200, value: 1, required: true });
  const retryAfter = seconds("none");
  const queryDelay = seconds("0");
  const latency = seconds("0");
  const faults = el("ul", { class: "faults" });
  const counts = el("div");
  const state = el("p", { role: "status" });
  const problem = el("p", { class: "problem", role: "alert" });

  function seconds(placeholder) {
    return el("input", { type: "number", min: 0, max: 3600, step: "any", placeholder });
  }

  function faultRow(text = "*=500@10%") {
    const [, operation, what, time, percent] = FAULT.exec(text) ?? [];
    const status = /^\d/.test(what ?? "");
    const on = select([["*", "any operation"], ...hub.operations.map((name) => [name, name])], operation ?? "*", { "aria-label": "Operation" });
    const kind = select(WHAT, status ? "status" : what, { "aria-label": "What happens to it" });
    const value = el("input", { type: "number", step: "any", "aria-label": "Seconds or status", value: status ? what : time ?? 5, class: "short" });
    const share = el("input", { type: "number", min: 0, max: 100, step: "any", value: percent ?? 100, "aria-label": "Percent of the requests", class: "short", required: true });
    const limits = () => {
      value.hidden = !["slow", "status"].includes(kind.value);
      value.disabled = value.hidden;
      value.min = kind.value === "status" ? 400 : 0;
      value.max = kind.value === "status" ? 599 : 3600;
    };
    kind.addEventListener("change", () => {
      limits();
      if (kind.value === "status" && value.value < 400) value.value = 500;
      if (kind.value === "slow" && value.value >= 400) value.value = 5;
    });
    limits();
    const row = el("li", {}, on, kind, value, el("span", { class: "share" }, share, "%"),
      button("Remove", () => { row.remove(); add.focus(); }, { class: "small" }));
    row.read = () => {
      const effect = kind.value === "status" ? value.value : kind.value === "slow" ? `slow:${value.value}` : kind.value;
      return `${on.value}=${effect}@${share.value}%`;
    };
    return row;
  }

  const add = button("Add a fault", () => {
    const row = faultRow();
    faults.append(row);
    row.querySelector("select").focus();
  });

  function show(document) {
    sku.value = document.sku ?? "";
    units.value = document.units;
    retryAfter.value = document.retryAfter ?? "";
    queryDelay.value = document.queryDelay || "";
    latency.value = document.latency || "";
    faults.replaceChildren(...document.faults.map(faultRow));
    const bad = document.sku || document.retryAfter !== null || document.queryDelay || document.latency || document.faults.length;
    state.replaceChildren(bad ? chip("bad day", "warn") : chip("good day", "good"), " ", bad ? "The hub is slow or unreliable as below." : "The hub answers at once, and everything.");
    units.disabled = !sku.value;
    const operations = Object.entries(document.counts);
    counts.replaceChildren(operations.length === 0 ? el("p", { class: "soft" }, "Nothing was delayed, refused or had a fault since the last change.")
      : table(null, ["Operation", "Delayed", "Refused", "Faults"], el("tbody", {}, operations.map(([operation, of]) =>
        el("tr", {}, el("th", { scope: "row" }, operation), ["delayed", "refused", "faults"].map((what) => el("td", {}, String(of[what] ?? 0))))))));
  }

  sku.addEventListener("change", () => {
    units.disabled = !sku.value;
    if (!sku.value) units.value = 1;
  });

  const number = (input) => (input.value === "" ? null : Number(input.value));
  const form = el("form", { class: "conditions" },
    el("h2", {}, "Throttles"),
    el("div", { class: "fields" },
      field("SKU", sku, "the documented rates of this tier"),
      field("Units", units),
      field("Retry-After", retryAfter, "seconds, header of answers 429")),
    el("h2", {}, "Delays"),
    el("div", { class: "fields" },
      field("Latency", latency, "seconds before every answer"),
      field("Query delay", queryDelay, "seconds until queries see a write")),
    el("h2", {}, "Faults"), faults, add,
    problem,
    el("div", { class: "tools end" }, el("button", { class: "primary" }, "Apply"), button("End all", end)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await change(() => api.changeConditions({
      sku: sku.value || null,
      units: Number(units.value),
      retryAfter: number(retryAfter),
      queryDelay: number(queryDelay) ?? 0,
      latency: number(latency) ?? 0,
      faults: [...faults.children].map((row) => row.read()),
    }), "The hub works under these conditions now");
  });

  async function end() {
    await change(api.endConditions, "The hub is well again");
  }

  async function change(request, said) {
    problem.textContent = "";
    try {
      show(await request());
      toast(said);
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  return {
    title: "Bad days",
    content: [
      el("p", { class: "soft" }, "What a test rarely sees and production does. The page itself is never throttled, and has no faults."),
      state,
      form,
      el("h2", {}, "What happened"),
      el("div", { class: "tools" }, button("Look again", () => change(api.conditions, "Looked again"), { class: "small" })),
      counts,
    ],
    async load() { show(await api.conditions()); },
  };
}
