// Requests to the hub. The cookie of the session goes with them by itself.

/** The JSON of an answer. Throws an Error with what the hub says is wrong. */
async function request(method, path, body) {
  let response;
  try {
    response = await fetch(`/page/api/${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error("The hub does not answer: was it stopped?");
  }
  if (response.status === 401) location.replace("/");
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const said = String(answer.Message ?? `The hub answered ${response.status}.`);
    throw Object.assign(new Error(said.replace(/^ErrorCode:[^;]*;/, "")), { status: response.status });
  }
  return answer;
}

const segment = encodeURIComponent;

export const hub = () => request("GET", "hub");
export const devices = () => request("GET", "devices");
export const devicesNamed = (names) => request("GET", `devices?${names.map((name) => `device=${segment(name)}`).join("&")}`);
export const device = (name) => request("GET", `devices/${segment(name)}`);
export const event = (number) => request("GET", `events/${number}`);
export const conditions = () => request("GET", "conditions");
export const changeConditions = (document) => request("PUT", "conditions", document);
export const endConditions = () => request("DELETE", "conditions");
export const callMethod = (call) => request("POST", "methods", call);
export const sendMessage = (message) => request("POST", "messages", message);
export const connection = (of) => request("POST", "connection", of);
export const compare = (name) => request("POST", "comparison", { device: name });
