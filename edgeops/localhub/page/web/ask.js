// What a device or module can be asked: a direct method, or to take a message.
import * as api from "./api.js";
import { answer, chip, el, field } from "./dom.js";
import { valueText } from "./twin_table.js";

/** Call a direct method, and show its answer. */
export function methodPanel(device, module) {
  const method = el("input", { required: true, maxlength: 100, autocomplete: "off", spellcheck: "false" });
  const payload = el("textarea", { rows: 3, spellcheck: "false", placeholder: "null" });
  const seconds = el("input", { type: "number", min: 5, max: 300, value: 30 });
  const fields = [el("div", { class: "fields" }, field("Method", method), field("Seconds to answer", seconds)), field("Payload (JSON)", payload)];
  return panel("Call a direct method", "Call", fields, "Waiting for the answer …", async () => {
    let value = null;
    try {
      value = payload.value.trim() ? JSON.parse(payload.value) : null;
    } catch {
      payload.focus();
      throw new Error("The payload is not JSON.");
    }
    const { status, payload: body } = await api.callMethod({ device, module, methodName: method.value, payload: value, responseTimeoutInSeconds: Number(seconds.value) });
    return [el("p", {}, "Status ", chip(String(status), status < 300 ? "good" : "bad")), el("pre", { tabindex: 0, role: "region", "aria-label": "Answer" }, valueText(JSON.stringify(body, null, 2)))];
  });
}

/** Put a message into the queue of a device; modules have none. */
export function messagePanel(device) {
  const text = el("textarea", { rows: 3, spellcheck: "false" });
  return panel("Send a message", "Send", [field("Text", text)], "Sending …", async () => {
    const { messageId, waiting } = await api.sendMessage({ device, text: text.value });
    return el("p", {}, `Message ${messageId} is in the queue of ${device}; ${waiting} of its messages wait.`);
  });
}

/** A form that folds out. `ask` gives what to show, or throws what is wrong. */
function panel(title, verb, fields, meanwhile, ask) {
  const place = el("div", { class: "answer", role: "status" });
  const submit = el("button", { class: "primary" }, verb);
  const form = el("form", {}, ...fields, submit, place);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(submit, place, meanwhile, ask);
  });
  return el("details", { class: "fold" }, el("summary", {}, title), form);
}
