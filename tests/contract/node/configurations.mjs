// Configurations, and content that is applied to one device.
import { body, refused, registry, see } from "./seen.mjs";

const configuration = {
  id: "lamps",
  content: { deviceContent: { "properties.desired.lamp": { on: true } } },
  targetCondition: "tags.lamp = true",
  priority: 20,
  labels: { by: "node" },
  metrics: { queries: { on: "SELECT deviceId FROM devices WHERE properties.reported.on = true" } },
};
const got = () => body(registry.getConfiguration("lamps"));

await registry.addConfiguration(configuration);
const added = await got();
const { id, content, targetCondition, priority, labels } = added;
see("added", { id, content, targetCondition, priority, labels, queries: added.metrics.queries });
see("added twice", await refused(registry.addConfiguration(configuration)));
await registry.addConfiguration({
  id: "modules",
  content: { moduleContent: { "properties.desired": { level: 1 } } },
  targetCondition: "",
  priority: 1,
});
see("listed", (await body(registry.getConfigurations())).map((c) => c.id));
await registry.updateConfiguration({ ...added, priority: 30 });
see("updated, stale", await refused(registry.updateConfiguration({ ...added, priority: 40 })));
await registry.updateConfiguration({ ...configuration, priority: 50 }, true);
see("updated", (await got()).priority);
see("bad", await refused(registry.addConfiguration({ id: "bad", priority: 1 })));

await registry.create({ deviceId: "gateway", capabilities: { iotEdge: true } });
const agent = { schemaVersion: "1.1", modules: { sensor: { type: "docker" } } };
await registry.applyConfigurationContentOnDevice("gateway", {
  modulesContent: {
    $edgeAgent: { "properties.desired": agent },
    $edgeHub: { "properties.desired": { schemaVersion: "1.1", routes: {} } },
    sensor: { "properties.desired": { rate: 5 } },
  },
});
const modules = await body(registry.getModulesOnDevice("gateway"));
see("applied", modules.map((m) => [m.moduleId, m.managedBy]));
see("desired", (await body(registry.getModuleTwin("gateway", "sensor"))).properties.desired.rate);
await registry.create({ deviceId: "plain" });
see("not a gateway", await refused(registry.applyConfigurationContentOnDevice("plain", content)));

await registry.removeConfiguration("lamps");
see("removed", await refused(got()));
see("removed twice", await refused(registry.removeConfiguration("lamps")));
