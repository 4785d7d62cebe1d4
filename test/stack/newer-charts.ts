import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chart } from "../../components/chart.ts";
import { standIn } from "../../sandbox/charts.ts";

/** What a newer chart brings beside its version. */
interface Newer {
  /** Whether the schema of its first CustomResourceDefinition says something new. */
  readonly definitions?: boolean;
}

/** Gives the setting `chart` of a copy of a stand-in with a newer version. */
export type NewerChart = (chart: Chart, changes?: Newer) => object;

/** Hands out copies of the stand-in charts with a version that is newer, as the setting `chart`. */
export async function withNewerCharts(body: (newer: NewerChart) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "charts-"));
  try {
    await body((chart, { definitions = false } = {}) => {
      const path = join(folder, chart);
      const source = standIn(chart);
      // A packed chart holds the folder of its name; the parts of the umbrella are links to the other stand-ins.
      if (source.endsWith(".tgz")) execFileSync("tar", ["-xzf", source, "-C", folder]);
      else cpSync(source, path, { recursive: true, dereference: true });
      rewrite(join(path, "Chart.yaml"), (text) => text.replace(/^version: .*$/m, "version: 2099.1.0"));
      if (definitions) newSchema(join(path, "crds"));
      return { path };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function newSchema(folder: string): void {
  const [first = ""] = readdirSync(folder).sort();
  rewrite(join(folder, first), (text) =>
    text.replace(/(openAPIV3Schema:\n)( +)/, "$1$2title: of a newer chart\n$2"),
  );
}

function rewrite(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, "utf8");
  const changed = change(text);
  if (changed === text) throw new Error(`${file} has nothing to change`);
  writeFileSync(file, changed);
}
