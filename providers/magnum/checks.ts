import * as openstack from "@pulumi/openstack";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { keyOf, type Problem, SettingsError, UserError } from "../../settings/problems.ts";
import { show } from "../../settings/quantities.ts";

/** A thing of the cloud that a setting names. */
interface Wish {
  /** Path of the setting below `dask:cluster`. */
  readonly path: readonly string[];
  readonly name: string;
  /** Asks the cloud for it; rejects where there is none, answers what is wrong with one that is there. */
  readonly find: (name: string) => Promise<string | undefined>;
  /** What to say where there is none. */
  readonly missing: string;
}

/**
 * Asks the cloud for what the settings name: flavours, images, networks, keypairs, templates.
 *
 * Magnum answers some of it in words that name neither setting nor cause, or only once the cluster has failed.
 *
 * @param name name of the cluster, which is that of a template of the stack's own too
 * @returns warnings: questions that the cloud did not answer
 * @throws UserError that names every setting that the cloud cannot follow, or says that the login was refused
 */
export async function checkCloud(settings: MagnumSettings, name: string): Promise<string[]> {
  const wishes = [...flavours(settings), ...parts(settings), ...(await ofOwnTemplate(settings, name))];
  const answers = await Promise.all(wishes.map(ask));
  const problems = answers.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  if (problems.length > 0) throw new SettingsError(problems);
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
function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/^.*returned an error: /s, "").trim();
}

/** How the provider says that there is none (its data sources, and gophercloud's ErrUnexpectedResponseCode). */
function isMissing(words: string): boolean {
  return /returned no results|No Flavor found|but got 404 instead/.test(words);
}

function isRefusedLogin(words: string): boolean {
  return /authenticat|\b401\b|unauthori[sz]ed/i.test(words);
}

/** Asks by name, then by id: Magnum takes both. */
function either<T>(byName: Promise<T>, byId: () => Promise<T>): Promise<undefined> {
  return byName.catch(byId).then(() => undefined);
}

function wish(
  path: readonly string[],
  name: string | undefined,
  what: Pick<Wish, "find" | "missing">,
): Wish[] {
  return name === undefined ? [] : [{ path, name, ...what }];
}

const flavour: Pick<Wish, "find" | "missing"> = {
  find: (name) =>
    either(openstack.compute.getFlavor({ name }), () => openstack.compute.getFlavor({ flavorId: name })),
  missing: "is no flavour of this project; take one of: openstack flavor list",
};

/** By name alone: the addresses of Kubernetes' Services are found by no other. */
const externalNetwork: Pick<Wish, "find" | "missing"> = {
  find: (name) => openstack.networking.getNetwork({ name, external: true }).then(() => undefined),
  missing: "is no network with floating IPs; take one of: openstack network list --external",
};

const keypair: Pick<Wish, "find" | "missing"> = {
  find: (name) => openstack.compute.getKeypair({ name }).then(() => undefined),
  missing: "is no keypair of this user; take one of: openstack keypair list, or set publicKey",
};

const template: Pick<Wish, "find" | "missing"> = {
  find: (name) => openstack.containerinfra.getClusterTemplate({ name }).then(() => undefined),
  missing:
    "is no cluster template of this cloud; take one of: openstack coe cluster template list, or describe one to be made",
};

const image: Pick<Wish, "find" | "missing"> = {
  find: async (name) => {
    const { properties } = await openstack.images.getImage({ name, mostRecent: true });
    if ((properties?.os_distro ?? "") !== "") return undefined;
    return `has no property os_distro, by which Magnum picks its driver; take another image, or: openstack image set --property os_distro=ubuntu ${name}`;
  },
  missing: "is no image of this project; take one of: openstack image list --property os_distro",
};

function flavours({ existing, template, masters, nodePools }: MagnumSettings): Wish[] {
  const ofMasters = existing === undefined && typeof template === "string";
  return [
    ...(ofMasters ? wish(["masters", "machineType"], masters.machineType, flavour) : []),
    ...Object.entries(nodePools).flatMap(([pool, { machineType }]) =>
      wish(["nodePools", pool, "machineType"], machineType[0], flavour),
    ),
  ];
}

function parts(settings: MagnumSettings): Wish[] {
  const { existing, floatingIpPool } = settings;
  return [
    ...wish(["floatingIpPool"], floatingIpPool, externalNetwork),
    ...(existing === undefined ? wish(["keypair"], settings.keypair, keypair) : []),
    ...(typeof settings.template === "string" ? wish(["template"], settings.template, template) : []),
  ];
}

/** What a template of the stack's own is made of, unless it is there: then Magnum asks for it no more. */
async function ofOwnTemplate({ template: own }: MagnumSettings, name: string): Promise<Wish[]> {
  if (typeof own !== "object" || (await isThere(template.find(name)))) return [];
  return [
    ...(isId(own.image) ? [] : wish(["template", "image"], own.image, image)),
    ...wish(["template", "externalNetwork"], own.externalNetwork, externalNetwork),
    ...wish(["template", "masterMachineType"], own.masterMachineType, flavour),
  ];
}

function isThere(question: Promise<unknown>): Promise<boolean> {
  return question.then(
    () => true,
    () => false,
  );
}

/** The provider finds images by name alone. */
function isId(name: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name);
}
