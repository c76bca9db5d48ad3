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

/** The newest messages of a device and its modules, as `edgeops hub events` shows them. */
export async function sent(id) {
  const Authorization = iothub.SharedAccessSignature.create(
    hub.HostName,
    hub.SharedAccessKeyName,
    hub.SharedAccessKey,
    Math.ceil(Date.now() / 1000) + 60,
  ).toString();
  const url = `https://${hub.HostName}/events?last=100&device=${id}`;
  const { events } = await (await fetch(url, { headers: { Authorization } })).json();
  return events.filter((event) => event.source === "Telemetry");
}

// The SDK's errors hold the whole connection: Node would print a thousand lines.
process.on("uncaughtException", (error) => {
  console.error(error.stack);
  process.exit(1);
});
