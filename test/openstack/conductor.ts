import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../sandbox/kubernetes-api.ts";
import { logTail, runningPid } from "../../sandbox/processes.ts";
import { knock } from "../knock.ts";
import { type Api, logIn } from "./api.ts";
import { ADMINISTRATOR } from "./seed.ts";
import { type CloudArgs, PATIENCE_MS } from "./services.ts";

const CONDUCTOR = "magnum-conductor";

/** What Magnum's API hands its work to, and by what. */
const PROGRAMS = ["rabbitmq", CONDUCTOR] as const;

/** Pause between two questions: the conductor needs the cores itself. */
const PAUSE_MS = 500;

/**
 * Resolves when the queue takes connections and Magnum calls its conductor up; the administrator must be there.
 * Throws with the last words of both as soon as one has ended, or after three minutes.
 */
export async function conductorUp({ layout, place }: CloudArgs): Promise<void> {
  const api = await logIn(place, ADMINISTRATOR);
  let dead: string | undefined;
  const up = await until(async () => {
    dead = PROGRAMS.find((name) => runningPid(layout, name) === undefined);
    if (dead !== undefined) return true;
    if ((await knock("127.0.0.1", place.ports.rabbitmq)) === "open" && (await calledUp(api))) return true;
    return sleep(PAUSE_MS, false);
  }, PATIENCE_MS);
  if (up && dead === undefined) return;
  const what = dead === undefined ? `${CONDUCTOR} is not up after three minutes` : `${dead} has ended`;
  const words = PROGRAMS.map(
    (name) => `The end of ${layout.logs}/${name}.log:\n${logTail(layout, name, 20)}`,
  );
  throw new Error([`No cluster can be made: ${what}.`, ...words].join("\n"));
}

async function calledUp(api: Api): Promise<boolean> {
  try {
    const services = await api.list("magnum-api", "mservices");
    return services.some(({ binary, state }) => binary === CONDUCTOR && state === "up");
  } catch {
    return false;
  }
}
