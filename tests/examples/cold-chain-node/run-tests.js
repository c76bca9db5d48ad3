// Runs the tests beside a local IoT Hub that their processes trust.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { run } from "node:test";
import { spec } from "node:test/reporters";

// It prints one line of JSON when it is ready, and ends when its stdin does.
const HUB = "hub serve --ephemeral --port 443 --with-parent -o json".split(" ");

const hub = spawn("edgeops", HUB, { stdio: ["pipe", "pipe", "inherit"] });
const [line] = await once(createInterface(hub.stdout), "line");
const { connectionString, caFile } = JSON.parse(line);

process.env.HUB = connectionString;
process.env.NODE_EXTRA_CA_CERTS = caFile; // read when a process starts: run() starts one per file
const tests = run({ files: ["cold-chain.test.js"] });
tests.on("test:fail", () => (process.exitCode = 1));
tests.compose(spec).pipe(process.stdout);
await once(tests, "end");
hub.stdin.end();
