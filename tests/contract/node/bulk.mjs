// Devices in bulk.
import { body, registry, see } from "./seen.mjs";

/** The result of a bulk operation; the SDK takes one with errors for an error. */
async function bulk(operation) {
  const result = await body(operation).catch((error) => {
    if (error.response?.statusCode !== 400) throw error;
    return JSON.parse(error.responseBody);
  });
  return [result.isSuccessful, result.errors.map((e) => [e.deviceId, e.errorCode, e.operation])];
}
const device = (id) => body(registry.get(id));

see("added", await bulk(registry.addDevices([{ deviceId: "b1" }, { deviceId: "b2" }])));
see("added twice", await bulk(registry.addDevices([{ deviceId: "b1" }, { deviceId: "b3" }])));
const [b1, b2, b3] = await Promise.all(["b1", "b2", "b3"].map(device));
const disabled = { ...b1, status: "disabled" };
see("updated", await bulk(registry.updateDevices([disabled, b2], false)));
see("status", (await device("b1")).status);
see("updated, stale", await bulk(registry.updateDevices([b1], false)));
see("updated, forced", await bulk(registry.updateDevices([b1], true)));
see("updated, nobody", await bulk(registry.updateDevices([{ deviceId: "nobody" }], true)));
see("removed, stale", await bulk(registry.removeDevices([b1], false)));
see("removed", await bulk(registry.removeDevices([b3], false)));
see("removed, forced", await bulk(registry.removeDevices([b1], true)));
see("left", (await body(registry.list())).map((d) => d.deviceId));
