// What the scripts of this folder share: how they tell the Python tests what they saw.
import device from "azure-iot-device";
import iothub from "azure-iothub";

const hub = iothub.ConnectionString.parse(process.env.HUB);
export const registry = iothub.Registry.fromConnectionString(process.env.HUB);
export const service = iothub.Client.fromConnectionString(process.env.HUB);

/** Prints what was seen under a name; each name once. */
export const see = (name, value) => console.log(JSON.stringify([name, value ?? null]));

/** What the hub answered: the SDK's promises give it together with the response. */
export const body = async (call) => (await call).responseBody;

/** What the hub refused: the SDK's kind of error, the status, and Azure's name for it. */
export async function refused(call) {
  const { name, response } = await failure(call);
  return [name, response?.statusCode ?? null, response?.headers["iothub-errorcode"] ?? null];
}

/** The error that a call fails with. */
export function failure(call) {
  const accepted = () => {
    throw new Error("a call was accepted that should have been refused");
  };
  return call.then(accepted, (error) => error);
}

/** A connected client of a device or module; with the key that the hub made unless told. */
export async function connected(id, { module, key, transport }) {
  const identity = await body(module ? registry.getModule(id, module) : registry.get(id));
  const secret = key ?? identity.authentication.symmetricKey.primaryKey;
  const of = module ? `DeviceId=${id};ModuleId=${module}` : `DeviceId=${id}`;
  const client = (module ? device.ModuleClient : device.Client).fromConnectionString(
    `HostName=${hub.HostName};${of};SharedAccessKey=${secret}`,
    transport,
  );
  await client.open();
  return client;
}

/** A request to the hub with the rights of a service, for what the SDK does by AMQP. */
function ask(path, options = {}) {
  const Authorization = iothub.SharedAccessSignature.create(
    hub.HostName,
    hub.SharedAccessKeyName,
    hub.SharedAccessKey,
    Math.ceil(Date.now() / 1000) + 60,
  ).toString();
  const headers = { ...options.headers, Authorization };
  return fetch(`https://${hub.HostName}${path}`, { ...options, headers });
}

/** The newest messages of a device and its modules, as `edgeops hub events` shows them. */
export async function sent(id) {
  const { events } = await (await ask(`/events?last=100&device=${id}`)).json();
  return events.filter((event) => event.source === "Telemetry");
}

/** Sends a message to a device. */
export async function send(id, text, headers = {}) {
  const to = { "iothub-to": `/devices/${id}/messages/devicebound`, ...headers };
  const { ok, status } = await ask("/messages/devicebound", {
    method: "POST",
    headers: to,
    body: text,
  });
  if (!ok) throw new Error(`the hub answered ${status} to a message`);
}

/** The records of a feedback message, which it completes. */
export async function feedback() {
  const path = "/messages/serviceBound/feedback";
  const response = await ask(path);
  const lock = response.headers.get("etag").slice(1, -1);
  const records = await response.json();
  await ask(`${path}/${lock}`, { method: "DELETE" });
  return records;
}

// The SDK's errors hold the whole connection: Node would print a thousand lines.
process.on("uncaughtException", (error) => {
  console.error(error.stack);
  process.exit(1);
});
