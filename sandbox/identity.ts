import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * The moment a process began, as an opaque text; undefined when no such process lives.
 * A pid alone is no proof: the number is given again, after a reboot within minutes.
 */
export function startedAt(pid: number): string | undefined {
  return process.platform === "linux" ? startedAtLinux(pid) : startedAtPosix(pid);
}

/**
 * The start time in the text of `/proc/<pid>/stat`, in clock ticks since boot; undefined for a zombie.
 * Where nothing reaps orphans (a container without an init), a killed process stays listed as a zombie.
 */
export function parseStat(stat: string): string | undefined {
  // The program's name stands in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

function startedAtLinux(pid: number): string | undefined {
  try {
    const ticks = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return ticks === undefined ? undefined : `${boot}/${ticks}`;
  } catch {
    return undefined;
  }
}

function startedAtPosix(pid: number): string | undefined {
  try {
    const options = { encoding: "utf8", env: { ...process.env, LC_ALL: "C" }, stdio: "pipe" } as const;
    const [state, ...start] = execFileSync("ps", ["-o", "stat=,lstart=", "-p", `${pid}`], options)
      .trim()
      .split(/\s+/);
    return state?.startsWith("Z") ? undefined : start.join(" ");
  } catch {
    return undefined;
  }
}
