// A device: its twin, direct methods, and what it sends; by Mqtt or MqttWs, as the argument says.
import { promisify } from "node:util";
import device from "azure-iot-device";
import transports from "azure-iot-device-mqtt";
import { body, connected, failure, refused, registry, see, sent, service } from "./seen.mjs";

const transport = transports[process.argv[2]];

await registry.create({ deviceId: "d1" });
const twinOfService = await body(registry.getTwin("d1"));
await twinOfService.update({ properties: { desired: { rate: 1, nested: { a: 1, b: 2 } } } });

const method = { methodName: "echo", connectTimeoutInSeconds: 0 };
see("not connected", await refused(service.invokeDeviceMethod("d1", method)));
const wrong = Buffer.from("wrong key wrong key").toString("base64");
see("wrong key", (await failure(connected("d1", { key: wrong, transport }))).name);

const client = await connected("d1", { transport });
see("connected", (await body(registry.getTwin("d1"))).connectionState);

const twin = await client.getTwin();
see("twin", twin.properties.desired);
const patches = [];
const waiting = [];
twin.on("properties.desired", (patch) => (waiting.shift() ?? patches.push.bind(patches))(patch));
const nextPatch = () =>
  new Promise((heard) => (patches.length ? heard(patches.shift()) : waiting.push(heard)));
see("desired at first", await nextPatch());
await twin.get(); // a round trip: the subscription is there
see("desired again", await nextPatch());
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
const call = (methodName, payload) =>
  service.invokeDeviceMethod("d1", { methodName, payload, connectTimeoutInSeconds: 10 });
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
see("reconnected", (await call("echo", "again")).result.payload.got);
await client.close();
