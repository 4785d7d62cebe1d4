import type { Row } from "./figures.ts";
import type { Growth } from "./scale.ts";

/** A cell as a table shows it. */
type Cell = string | number;

/** A table in Markdown, as docs/performance.md has it; pure. */
export function markdown(rows: readonly Readonly<Record<string, Cell>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly Cell[]) => `| ${cells.join(" | ")} |`;
  const body = rows.map((row) => line(columns.map((column) => shown(row[column] ?? ""))));
  return [line(columns), line(columns.map(() => "---")), ...body].join("\n");
}

function shown(cell: Cell): Cell {
  return typeof cell === "number" ? Number(cell.toPrecision(3)) : cell;
}

/** A figure of everybody, side by side: theirs, and behind it ours by theirs; pure. */
export function comparison(
  rows: readonly Row[],
  figure: "seconds" | "cpuSeconds" | "peakMiB",
): Record<string, Cell>[] {
  const ratioOf = { seconds: "ratio", cpuSeconds: "cpuRatio", peakMiB: undefined } as const;
  const ratio = ratioOf[figure];
  const table = new Map<string, Record<string, Cell>>();
  for (const row of rows) {
    const { workload, step, contender } = row;
    const line = table.get(`${workload} ${step}`) ?? { workload, step };
    const value = shown(row[figure]);
    line[contender] =
      contender === "ours" || ratio === undefined ? value : `${value} (${row[ratio].toFixed(2)})`;
    table.set(`${workload} ${step}`, line);
  }
  return [...table.values()];
}

/** The medians of a growth, and what they say; pure. */
export function growthTables({ title, rows, trends }: Growth): string {
  const figures = markdown(
    rows.map(({ what, size, seconds, cpuSeconds, peakMiB }) => ({
      what,
      size,
      seconds,
      CPU: cpuSeconds,
      MiB: peakMiB,
    })),
  );
  const growing = trends.map(({ what, figure, slope, intercept, rSquared, marginal, verdict }) => ({
    ...{ what, figure, none: intercept, "one more": slope, "R²": rSquared },
    "one more, from size to size": marginal.map((each) => each.toPrecision(2)).join(", "),
    verdict,
  }));
  return [title, "", figures, "", markdown(growing), ""].join("\n");
}
