import { readFileSync, writeFileSync } from "node:fs";
import { generated } from "./generated.ts";

for (const { file, text } of generated((path) => readFileSync(path, "utf8"))) writeFileSync(file, text);
