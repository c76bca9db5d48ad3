// Devices and their modules, one at a time.
import { promisify } from "node:util";
import { body, refused, registry, see } from "./seen.mjs";

const ids = (devices) => devices.map((device) => device.deviceId);
// The SDK's own promise forgets the callback when it is given a module instead of its name.
const removeModule = promisify((module, done) => registry.removeModule(module, done));

const created = await body(registry.create({ deviceId: "d1", status: "enabled" }));
const keys = created.authentication.symmetricKey;
see("created", [created.deviceId, created.status, created.authentication.type]);
see("read as created", JSON.stringify(await body(registry.get("d1"))) === JSON.stringify(created));
see("created twice", await refused(registry.create({ deviceId: "d1" })));
see("nobody", await refused(registry.get("nobody")));

const odd = "a+b%c=d@e,f;g$h'i(j)*k:l.m#n?o!p_q-r";
await registry.create({ deviceId: odd });
see("odd name", (await body(registry.get(odd))).deviceId === odd);
await registry.delete(odd);

await registry.update({
  deviceId: "d1",
  status: "disabled",
  statusReason: "in repair",
  authentication: {
    symmetricKey: { primaryKey: keys.secondaryKey, secondaryKey: keys.primaryKey },
  },
});
const updated = await body(registry.get("d1"));
see("updated", [updated.status, updated.statusReason]);
see("keys swapped", updated.authentication.symmetricKey.primaryKey === keys.secondaryKey);

const thumbprint = "A".repeat(40);
await registry.create({
  deviceId: "x509",
  authentication: { x509Thumbprint: { primaryThumbprint: thumbprint } },
});
const authentication = (await body(registry.get("x509"))).authentication;
see("x509", [authentication.type, authentication.x509Thumbprint.primaryThumbprint === thumbprint]);
await registry.delete("x509");

await registry.create({ deviceId: "gateway", capabilities: { iotEdge: true } });
const { deviceScope } = await body(registry.get("gateway"));
await registry.create({ deviceId: "leaf", deviceScope });
see("leaf in scope", (await body(registry.get("leaf"))).deviceScope === deviceScope);
see("listed", ids(await body(registry.list())).sort());
see("statistics", await body(registry.getRegistryStatistics()));

await registry.addModule({ deviceId: "leaf", moduleId: "m1" });
const module = await body(registry.getModule("leaf", "m1"));
see("module", [module.deviceId, module.moduleId, module.connectionState, module.managedBy]);
see("module twice", await refused(registry.addModule({ deviceId: "leaf", moduleId: "m1" })));
await registry.updateModule({ ...module, managedBy: "us" });
see("module updated, stale", await refused(registry.updateModule(module)));
await registry.updateModule({ ...module, managedBy: "all" }, true);
see("module updated", (await body(registry.getModule("leaf", "m1"))).managedBy);
see("module removed, stale", await refused(removeModule(module)));
await registry.addModule({ deviceId: "leaf", moduleId: "m2" });
await registry.removeModule("leaf", "m2");
see("modules", (await body(registry.getModulesOnDevice("leaf"))).map((m) => m.moduleId));
await removeModule(await body(registry.getModule("leaf", "m1")));
see("no modules", await body(registry.getModulesOnDevice("leaf")));
see("module of nobody", await refused(registry.getModule("nobody", "m1")));

await registry.delete("d1");
see("deleted", await refused(registry.get("d1")));
see("deleted twice", await refused(registry.delete("d1")));
