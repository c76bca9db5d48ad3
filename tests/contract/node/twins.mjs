// Twins of devices and modules, and queries.
import { body, refused, registry, see } from "./seen.mjs";

await registry.create({ deviceId: "d1" });
await registry.addModule({ deviceId: "d1", moduleId: "m1" });

const twin = await body(registry.getTwin("d1"));
see("fresh", [twin.deviceId, twin.tags, twin.properties.desired.$version]);
const stale = twin.etag;
await twin.update({
  tags: { site: "harbour", old: true },
  properties: { desired: { rate: 5, list: [1, { a: 2 }] } },
});
see("updated", [twin.tags, twin.properties.desired.rate, twin.properties.desired.list]);
see("version", [twin.properties.desired.$version, twin.etag !== stale]);
await twin.update({ tags: { old: null } });
see("merged", (await body(registry.getTwin("d1"))).tags);
see("stale", await refused(registry.updateTwin("d1", { tags: { a: 1 } }, stale)));
await registry.updateTwin("d1", { tags: { forced: 1 } }, "*");
await twin.get();
see("forced", twin.tags);
see("too big", await refused(twin.update({ tags: { a: "x".repeat(5000) } })));
see("nobody", await refused(registry.getTwin("nobody")));

const moduleTwin = await body(registry.getModuleTwin("d1", "m1"));
await moduleTwin.update({ properties: { desired: { rate: 7 } } });
see("module", [moduleTwin.moduleId, (await moduleTwin.get()).result.properties.desired.rate]);
const patch = { tags: { a: 1 } };
see("module, stale", await refused(registry.updateModuleTwin("d1", "m1", patch, "stale")));
see("no module", await refused(registry.getModuleTwin("d1", "m9")));

await registry.addDevices(Array.from({ length: 5 }, (_, n) => ({ deviceId: `q${n}` })));
const pages = [];
const query = registry.createQuery("SELECT * FROM devices WHERE STARTSWITH(deviceId, 'q')", 2);
while (query.hasMoreResults) pages.push((await query.nextAsTwin()).result.map((t) => t.deviceId));
see("pages", pages);
const one = registry.createQuery("SELECT * FROM devices WHERE deviceId = 'd1'");
const [found] = (await one.nextAsTwin()).result;
await found.update({ tags: { found: true } });
see("updated as found", (await body(registry.getTwin("d1"))).tags.found);
const modules = registry.createQuery("SELECT * FROM devices.modules");
see("modules", (await modules.nextAsTwin()).result.map((t) => [t.deviceId, t.moduleId]));
const counted = registry.createQuery("SELECT COUNT() AS n FROM devices");
see("counted", (await counted.next()).result);
const none = registry.createQuery("SELECT * FROM devices WHERE deviceId = 'none'");
see("none", [(await none.nextAsTwin()).result, none.hasMoreResults]);
see("bad query", await refused(registry.createQuery("SELECT").next()));
