// A device with a certificate. Arguments: the files of its certificate and key, those of another
// device, and transports: Mqtt, MqttWs, Http.
import { readFile } from "node:fs/promises";
import device from "azure-iot-device";
import { body, failure, registry, see, sent } from "./seen.mjs";

const [files, transports] = [process.argv.slice(2, 6), process.argv.slice(6)];
const [cert, key, otherCert, otherKey] = await Promise.all(files.map((f) => readFile(f, "utf8")));
const host = process.env.HUB.match(/HostName=([^;]*)/)[1];

async function send(certificate, transport) {
  const text = `HostName=${host};DeviceId=d1;x509=true`;
  const client = device.Client.fromConnectionString(text, transport);
  client.setOptions(certificate); // at once; by HTTP its promise is never resolved
  await client.open();
  await client.sendEvent(new device.Message("hello"));
  return client;
}

await registry.create({ deviceId: "d1", authentication: { type: "certificateAuthority" } });
see("type", (await body(registry.getTwin("d1"))).authenticationType);
for (const [index, name] of transports.entries()) {
  const library = name === "Http" ? "azure-iot-device-http" : "azure-iot-device-mqtt";
  const transport = (await import(library)).default[name];
  const refusal = await failure(send({ cert: otherCert, key: otherKey }, transport));
  const client = await send({ cert, key }, transport);
  const twin = name === "Http" ? null : (await client.getTwin()).properties.desired;
  await client.close();
  see(name, [refusal.name, (await sent("d1")).slice(index).map((e) => e.body), twin]);
}
