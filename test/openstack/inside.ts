import { run } from "../../sandbox/command.ts";
import { readIfThere } from "../../sandbox/files.ts";
import type { Layout } from "../../sandbox/layout.ts";
import { must } from "../../sandbox/node/must.ts";
import {
  ensureRunning,
  recordedPrograms,
  runningPid,
  sendSignal,
  stopProgram,
} from "../../sandbox/processes.ts";
import type { Packages } from "./packages.ts";
import { STATE, stateFolder } from "./place.ts";

// The services run with the unpacked packages as their root folder and the cloud's state at STATE, in process and
// mount namespaces of their own: the mounts are seen nowhere else, and whatever a service starts ends with it.

// $1 is the packages' folder, $2 that of the state, and the rest what is run.
const MOUNTS = [
  'mount -t proc proc "$1/proc"',
  'mount --rbind /dev "$1/dev"',
  `mkdir -p "$1${STATE}"`,
  `mount --bind "$2" "$1${STATE}"`,
  "shift 2",
];

const ENVIRONMENT = [
  "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
  `HOME=${STATE}`,
  "LANG=C.UTF-8",
  "PYTHONUNBUFFERED=1",
];

/** Environment variables of a program, beside those that every program has. */
export type Environment = Readonly<Record<string, string>>;

/** Runs programs with the packages as their root folder. */
export interface Inside {
  /** Starts a long-running program unless it runs. */
  ensure(name: string, command: readonly string[], env?: Environment): Promise<void>;
  /** Runs a short command and answers its output; throws where it fails. */
  run(command: readonly string[], env?: Environment): Promise<string>;
}

/** How programs of the cloud at `layout` are run. */
export function insideOf(layout: Layout, { root }: Packages): Inside {
  const enter = (command: readonly string[], env: Environment): [string, ...string[]] => {
    const script = `set -e; root="$1"; ${MOUNTS.join("; ")}; exec chroot "$root" /usr/bin/env -i "$@"`;
    return [
      "/usr/bin/unshare",
      ...["--mount", "--pid", "--fork", "--kill-child=SIGKILL"],
      ...["/bin/sh", "-c", script, "sh", root, stateFolder(layout)],
      ...ENVIRONMENT,
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...command,
    ];
  };
  return {
    ensure: async (name, command, env = {}) => {
      await ensureRunning(layout, { name, command: enter(command, env), cwd: layout.cluster });
    },
    run: async (command, env = {}) => {
      const [file, ...args] = enter(command, env);
      return must(command, await run(file, args));
    },
  };
}

/** Ends every program that was started here, at once: nothing of their state is wanted any more. */
export async function endAll(layout: Layout): Promise<void> {
  const names = recordedPrograms(layout);
  // What waits outside deafens itself to SIGTERM, but it ends with its child.
  for (const pid of names.flatMap((name) => childrenOf(runningPid(layout, name)))) sendSignal(pid, "SIGKILL");
  for (const name of names) await stopProgram(layout, name);
}

function childrenOf(pid: number | undefined): number[] {
  const children = pid === undefined ? undefined : readIfThere(`/proc/${pid}/task/${pid}/children`);
  return (children ?? "")
    .split(" ")
    .map(Number)
    .filter((child) => child > 0);
}
