// Jobs: twin updates and direct methods for many devices.
import iothub from "azure-iothub";
import { Mqtt } from "azure-iot-device-mqtt";
import { body, connected, refused, registry, see } from "./seen.mjs";

const jobs = iothub.JobClient.fromConnectionString(process.env.HUB);
const status = async (call) => (await call).jobStatus;
const ended = async (id) => {
  for (;;) {
    const job = await status(jobs.getJob(id));
    if (!["queued", "scheduled", "running"].includes(job.status)) return job;
  }
};
const inAnHour = new Date(Date.now() + 3_600_000);
const of = (id) => `deviceId = '${id}'`;

await registry.addDevices(["d1", "d2"].map((deviceId) => ({ deviceId })));
const patch = { etag: "*", tags: { ring: 1 }, properties: { desired: { rate: 5 } } };
const made = await status(jobs.scheduleTwinUpdate("twins", of("d1"), patch, new Date(), 120));
see("made", [made.jobId, made.type, made.queryCondition, made.maxExecutionTimeInSeconds]);
const done = await ended("twins");
see("twins updated", [done.status, done.deviceJobStatistics]);
const twin = async (id) => (await body(registry.getTwin(id))).tags;
see("tags", [await twin("d1"), await twin("d2")]);
see("made twice", await refused(jobs.scheduleTwinUpdate("twins", of("d1"), patch, new Date(), 120)));

const client = await connected("d1", { transport: Mqtt });
client.onDeviceMethod("echo", (request, response) => response.send(200, request.payload));
await client.getTwin(); // a round trip: the subscription is there
const method = { methodName: "echo", payload: { n: 1 }, responseTimeoutInSeconds: 10 };
await jobs.scheduleDeviceMethod("methods", of("d1"), method, new Date(), 120);
const called = await ended("methods");
see("methods called", [called.type, called.status, called.deviceJobStatistics]);
await client.close();

await jobs.scheduleTwinUpdate("later", "*", patch, inAnHour, 120);
see("cancelled", (await status(jobs.cancelJob("later"))).status);
see("stays cancelled", (await ended("later")).status);
await jobs.scheduleDeviceMethod("never", "*", method, inAnHour, 120);

/** The ids of jobs, page by page. */
async function pages(...query) {
  const ids = [];
  const results = jobs.createQuery(...query);
  while (results.hasMoreResults) {
    // without the token, the SDK's promise asks for the first page again
    const { result } = await results.next(results.continuationToken);
    ids.push(result.map((job) => job.jobId));
  }
  return ids;
}
see("completed", (await pages(undefined, "completed")).flat().sort());
see("methods", (await pages("scheduleDeviceMethod")).flat().sort());
see("pages", (await pages(undefined, undefined, 3)).map((page) => page.length));
see("nothing", await pages("scheduleUpdateTwin", "failed"));
see("no job", await refused(jobs.getJob("none")));
await jobs.cancelJob("never");
