import { readIfThere } from "../files.ts";

// Postgres of each release of Debian and Ubuntu.
const MAJORS: Readonly<Record<string, string>> = {
  "11": "13",
  "12": "15",
  "13": "17",
  "22.04": "14",
  "24.04": "16",
};

/** Version of Postgres in the machine's own packages, like `15`; the test image of the servers has it as its tag. */
export function postgresMajor(osRelease = readIfThere("/etc/os-release") ?? ""): string {
  const version = /^VERSION_ID="?([\d.]+)/m.exec(osRelease)?.[1] ?? "";
  return MAJORS[version] ?? "17";
}
