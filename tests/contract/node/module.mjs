// Modules of a gateway: twin, direct methods, routes; by Mqtt or MqttWs, as the argument says.
import { once } from "node:events";
import { promisify } from "node:util";
import device from "azure-iot-device";
import transports from "azure-iot-device-mqtt";
import { body, connected, registry, see, sent, service } from "./seen.mjs";

const transport = transports[process.argv[2]];

await registry.create({ deviceId: "g1", capabilities: { iotEdge: true } });
const into = 'INTO BrokeredEndpoint("/modules/filter/inputs/readings")';
const route = `FROM /messages/modules/sensor/outputs/out WHERE $body.t > 50 ${into}`;
const docker = { type: "docker" };
await registry.applyConfigurationContentOnDevice("g1", {
  modulesContent: {
    $edgeAgent: { "properties.desired": { modules: { sensor: docker, filter: docker } } },
    $edgeHub: { "properties.desired": { routes: { hot: route, up: "FROM /* INTO $upstream" } } },
    sensor: { "properties.desired": { rate: 5 } },
  },
});

const sensor = await connected("g1", { module: "sensor", transport });
const filter = await connected("g1", { module: "filter", transport });

const twin = await sensor.getTwin();
see("twin", twin.properties.desired);
await promisify(twin.properties.reported.update)({ running: true });
see("reported", (await body(registry.getModuleTwin("g1", "sensor"))).properties.reported.running);
const changed = once(twin, "properties.desired.limit");
await twin.get(); // a round trip: the subscription is there
const patch = { properties: { desired: { limit: 3 } } };
await registry.updateModuleTwin("g1", "sensor", patch, "*");
see("desired patch", (await changed)[0]);

sensor.onMethod("ping", (request, response) => response.send(200, request.payload));
const call = { methodName: "ping", payload: { n: 1 }, connectTimeoutInSeconds: 10 };
see("method", (await service.invokeDeviceMethod("g1", "sensor", call)).result);

filter.on("inputMessage", () => {}); // subscribes
await filter.getTwin(); // a round trip: the subscription is there
const arrived = once(filter, "inputMessage");
for (const t of [20, 51]) {
  const reading = new device.Message(JSON.stringify({ t }));
  reading.contentType = "application/json";
  reading.contentEncoding = "utf-8";
  reading.properties.add("unit", "°C");
  await sensor.sendOutputEvent("out", reading);
}
const [input, message] = await arrived;
const unit = message.properties.getValue("unit");
see("input", [input, JSON.parse(message.data), message.contentType, unit]);
await filter.complete(message);
await sensor.sendOutputEvent("out", new device.Message("plain/"));
await sensor.sendEvent(new device.Message("no output"));
see("sent", (await sent("g1")).slice(-2).map((e) => [e.moduleId, e.systemProperties, e.body]));
await sensor.close();
await filter.close();
