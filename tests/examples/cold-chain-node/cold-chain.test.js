import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import device from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import iothub from "azure-iothub";
import { arrived } from "./arrived.js";
import { ColdChain } from "./cold-chain.js";

let truck;

before(async () => {
  const registry = iothub.Registry.fromConnectionString(process.env.HUB);
  const { responseBody: identity } = await registry.create({ deviceId: "truck-1" });
  const { HostName } = iothub.ConnectionString.parse(process.env.HUB);
  const key = identity.authentication.symmetricKey.primaryKey;
  const text = `HostName=${HostName};DeviceId=truck-1;SharedAccessKey=${key}`;
  truck = device.Client.fromConnectionString(text, Mqtt);
  await truck.open();
});

after(() => truck?.close());

test("a warm truck is cooled, and reports more often", async () => {
  let target;
  truck.onDeviceMethod("cool", (request, response) => {
    target = request.payload.target;
    return response.send(200);
  });
  await truck.sendEvent(new device.Message(JSON.stringify({ temperature: 9.5 })));
  const event = await arrived(process.env.HUB, "truck-1", (body) => body.temperature > 9);

  await new ColdChain(process.env.HUB).onReading(event.deviceId, event.body);

  assert.equal(target, 4);
  const twin = await truck.getTwin();
  assert.equal(twin.properties.desired.interval, 10);
});
