// A device over MQTT: its twin, direct methods, and what it sends.
import { promisify } from "node:util";
import device from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import { body, connected, failure, refused, registry, see, sent, service } from "./seen.mjs";

await registry.create({ deviceId: "d1" });
const twinOfService = await body(registry.getTwin("d1"));
await twinOfService.update({ properties: { desired: { rate: 1, nested: { a: 1, b: 2 } } } });

const call = (methodName, payload) => service.invokeDeviceMethod("d1", { methodName, payload });
see("not connected", await refused(call("echo")));
const wrong = Buffer.from("wrong key wrong key").toString("base64");
see("wrong key", (await failure(connected("d1", { key: wrong, transport: Mqtt }))).name);

const client = await connected("d1", { transport: Mqtt });
see("connected", (await body(registry.getTwin("d1"))).connectionState);

const twin = await client.getTwin();
see("twin", twin.properties.desired);
const patches = [];
const waiting = [];
twin.on("properties.desired", (patch) => (waiting.shift() ?? patches.push.bind(patches))(patch));
const nextPatch = () =>
  new Promise((heard) => (patches.length ? heard(patches.shift()) : waiting.push(heard)));
see("desired at first", await nextPatch());
await twinOfService.update({ properties: { desired: { rate: 2, nested: { b: null } } } });
see("desired patch", await nextPatch());
see("desired", twin.properties.desired);

const report = promisify(twin.properties.reported.update);
await report({ firmware: { version: "1.2", slots: ["a", "b"] }, old: 1 });
await report({ old: null });
see("reported", (await body(registry.getTwin("d1"))).properties.reported.firmware);
see("report too big", (await failure(report({ a: "x".repeat(5000) }))).message);

const answers = {
  echo: (request, response) => response.send(200, { got: request.payload }),
  nothing: (request, response) => response.send(204),
  fails: (request, response) => response.send(500, "no"),
};
for (const [name, answer] of Object.entries(answers)) client.onDeviceMethod(name, answer);
const echoed = [];
for (const payload of [{ a: [1, null] }, "text", 7, false, "", null])
  echoed.push((await call("echo", payload)).result.payload.got);
see("echoed", echoed);
see("answered nothing", (await call("nothing")).result);
see("answered an error", (await call("fails")).result);

const message = new device.Message(JSON.stringify({ temperature: 21.5 }));
message.contentType = "application/json";
message.contentEncoding = "utf-8";
message.messageId = "a1";
message.correlationId = "c 1";
message.properties.add("alert", "no & never");
message.properties.add("ü", "+/");
await client.sendEvent(message);
await client.sendEvent(new device.Message("plain/"));
see("sent", (await sent("d1")).map((e) => [e.body, e.systemProperties, e.properties]));

const identity = await body(registry.get("d1"));
await registry.update({ ...identity, status: "disabled" });
await registry.update({ ...identity, status: "enabled" });
const patient = { methodName: "echo", payload: "again", connectTimeoutInSeconds: 10 };
see("reconnected", (await service.invokeDeviceMethod("d1", patient)).result.payload.got);
await client.close();
