// Messages to devices, and what these send: one by MQTT, one by HTTPS.
import device from "azure-iot-device";
import http from "azure-iot-device-http";
import mqtt from "azure-iot-device-mqtt";
import { body, connected, feedback, registry, see, send, sent } from "./seen.mjs";

const count = async (id) => (await body(registry.get(id))).cloudToDeviceMessageCount;

/** What a client hears, one message at a time. */
function hearing(client) {
  const arrived = [];
  const waiting = [];
  client.on("message", (message) => (waiting.shift() ?? arrived.push.bind(arrived))(message));
  return () =>
    new Promise((heard) => (arrived.length ? heard(arrived.shift()) : waiting.push(heard)));
}

async function gets(id, next) {
  const system = { "iothub-messageid": `m-${id}`, "iothub-correlationid": "c", "iothub-ack": "full" };
  await send(id, "hello", { ...system, "iothub-app-room": "kitchen" });
  const message = await next();
  see(`${id} gets`, [message.getData().toString(), message.messageId, message.correlationId]);
  const { propertyList } = message.properties;
  see(`${id} properties`, propertyList.map(({ key, value }) => [key, value]));
  return message;
}

await registry.create({ deviceId: "mqtt" });
const byMqtt = await connected("mqtt", { transport: mqtt.Mqtt });
const nextByMqtt = hearing(byMqtt);
await byMqtt.getTwin(); // a round trip: the subscription is there
await byMqtt.complete(await gets("mqtt", nextByMqtt));
while (await count("mqtt"));
await byMqtt.close();

await registry.create({ deviceId: "https" });
const byHttps = await connected("https", { transport: http.Http });
const heard = hearing(byHttps);
const nextByHttps = () => {
  byHttps.setOptions({ http: { receivePolicy: { at: new Date() } } }); // asks once
  return heard();
};
const message = await gets("https", nextByHttps);
see("https waiting", await count("https"));
await byHttps.complete(message);
await send("https", "back", { "iothub-messageid": "m-2" });
const first = await nextByHttps();
await byHttps.abandon(first);
const again = await nextByHttps();
see("https abandons", [again.messageId, again.lockToken !== first.lockToken]);
await byHttps.complete(again);
await send("https", "no", { "iothub-messageid": "m-3", "iothub-ack": "negative" });
await byHttps.reject(await nextByHttps());
see("https waiting at last", await count("https"));

const batch = ["one", "two"].map((text) => new device.Message(text));
batch[0].properties.add("n", "1");
await byHttps.sendEventBatch(batch);
const single = new device.Message('{"a": 1}');
Object.assign(single, { messageId: "s-1", contentType: "application/json", contentEncoding: "utf-8" });
await byHttps.sendEvent(single);
see(
  "https sends",
  (await sent("https")).map((event) => [event.body, event.systemProperties, event.properties]),
);
await byHttps.close();

const records = (await feedback()).map((record) => [record.originalMessageId, record.statusCode]);
see("feedback", records);
