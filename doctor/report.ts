import type { Finding } from "./findings.ts";

/** What was found, in words for a terminal; pure. */
export function report(stack: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return `Nothing is wrong with the stack ${stack}.`;
  const count = findings.length === 1 ? "1 thing is" : `${findings.length} things are`;
  return [`${count} wrong with the stack ${stack}.`, ...findings.map(paragraph)].join("\n\n");
}

/** One finding, in words; pure. */
export function paragraph({ problem, evidence, remedy }: Finding): string {
  const lines = evidence.flatMap((each) => each.split("\n")).map((line) => `    ${line}`);
  return [`- ${problem}`, ...lines, `  -> ${remedy}`].join("\n");
}
