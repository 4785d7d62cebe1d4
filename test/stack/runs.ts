import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { layoutOf, repository } from "../../sandbox/layout.ts";
import type { Bench } from "./sandbox.ts";

/** A process that runs, and what it says when it has ended. */
export interface Run {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

/** How a process ended. */
export interface Ended {
  /** Exit code; `null` after a kill. */
  readonly code: number | null;
  readonly text: string;
}

/**
 * `pulumi up` of a stack file's `dask:` keys in a process of its own, so that it can be killed and run beside others.
 *
 * @param backend URL of the backend; default: the sandbox's
 */
export function startUp(bench: Bench, stack: string, config: object, backend?: string): Run {
  const script = join(repository, "test", "stack", "up.ts");
  return node(
    bench,
    script,
    bench.sandbox.root,
    stack,
    JSON.stringify(config),
    ...(backend === undefined ? [] : [backend]),
  );
}

/** `pulumi destroy` of a stack in a process of its own. */
export function startDestroy(bench: Bench, stack: string): Run {
  return start(bench, "pulumi", "destroy", "--yes", "--skip-preview", "--non-interactive", "--stack", stack);
}

/** The doctor's command on a stack of the sandbox. */
export function runDoctor(bench: Bench, stack: string, ...flags: string[]): Promise<Ended> {
  return node(bench, join(repository, "doctor", "main.ts"), "--stack", stack, ...flags).ended;
}

function node(bench: Bench, script: string, ...args: string[]): Run {
  const loader = import.meta.resolve("tsx/esm");
  return start(bench, process.execPath, "--import", loader, script, ...args);
}

function start({ sandbox }: Bench, file: string, ...args: string[]): Run {
  const options = { cwd: layoutOf(sandbox.root).stacks, env: { ...process.env, ...sandbox.env } };
  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  return { pid: child.pid ?? 0, ended: ended(child) };
}

function ended(child: ChildProcess): Promise<Ended> {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      text += chunk;
    });
  }
  return new Promise((done, reject) => {
    child.on("error", reject);
    // Not "close": a provider that outlives its engine holds the pipes.
    child.on("exit", (code) => done({ code, text }));
  });
}
