import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { keyOf, type Problem, refuse, UserError } from "../../settings/problems.ts";
import { show } from "../../settings/quantities.ts";
import { networkWishes } from "./given-network.ts";
import { ofOwnTemplate, type Wish, wishesOf } from "./wishes.ts";

/**
 * Asks the cloud for what the settings name: a cluster, flavours, images, networks, keypairs, templates.
 *
 * Magnum answers some of it in words that name neither setting nor cause, or only once the cluster has failed.
 *
 * @param name name of the cluster, which is that of a template of the stack's own too
 * @param finding the existing cluster, which is asked for once
 * @returns warnings: questions that the cloud did not answer
 * @throws UserError that names every setting that the cloud cannot follow, or says that the login was refused
 */
export async function checkCloud(
  settings: MagnumSettings,
  name: string,
  finding?: Promise<unknown>,
): Promise<string[]> {
  const all = await Promise.all([
    askAll([...wishesOf(settings, finding), ...networkWishes(settings.network)]),
    ofOwnTemplate(settings, name).then(askAll),
  ]);
  const answers = all.flat();
  const problems = answers.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  refuse(problems);
  return warnings(answers);
}

/** What came of a question; neither a problem nor words where all is well. */
interface Answer {
  readonly key: string;
  readonly problem?: Problem;
  /** Why the cloud did not answer. */
  readonly words?: string;
}

/** One for each reason: a missing plugin answers no question. */
function warnings(answers: readonly Answer[]): string[] {
  const reasons = new Set(answers.flatMap(({ words }) => words ?? []));
  return [...reasons].map((reason) => {
    const keys = answers.filter(({ words }) => words === reason).map(({ key }) => key);
    return `could not ask OpenStack for ${keys.join(", ")}: ${reason}`;
  });
}

function askAll(wishes: readonly Wish[]): Promise<Answer[]> {
  return Promise.all(wishes.map(ask));
}

async function ask({ path, name, find, missing }: Wish): Promise<Answer> {
  const key = keyOf(["cluster", ...path]);
  const problem = (message: string): Answer => ({ key, problem: { key, value: show(name), message } });
  try {
    const fault = await find(name);
    return fault === undefined ? { key } : problem(fault);
  } catch (error) {
    const words = wordsOf(error);
    if (isMissing(words)) return problem(missing);
    if (isRefusedLogin(words)) {
      throw new UserError(
        `OpenStack refuses the login; check user, password and project of your openrc file or clouds.yaml. It says: ${words}`,
      );
    }
    return { key, words };
  }
}

/** What a failed question says, without the engine's preface. */
export function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/^.*returned an error: /s, "").trim();
}

/** How the provider says that there is none (its data sources, and gophercloud's ErrUnexpectedResponseCode). */
function isMissing(words: string): boolean {
  return /returned no (results|openstack_)|No Flavor found|but got 404 instead/.test(words);
}

function isRefusedLogin(words: string): boolean {
  return /authenticat|\b401\b|unauthori[sz]ed/i.test(words);
}
