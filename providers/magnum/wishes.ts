import * as openstack from "@pulumi/openstack";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";

/** A thing of the cloud that a setting names. */
export interface Wish {
  /** Path of the setting below `dask:cluster`. */
  readonly path: readonly string[];
  readonly name: string;
  /** Asks the cloud for it; rejects where there is none, answers what is wrong with one that is there. */
  readonly find: (name: string) => Promise<string | undefined>;
  /** What to say where there is none. */
  readonly missing: string;
}

/**
 * What the settings name, without an existing network and what a template of the stack's own is made of.
 *
 * @param finding the existing cluster, which is asked for once
 */
export function wishesOf(settings: MagnumSettings, finding: Promise<unknown> | undefined): Wish[] {
  return [
    ...(finding === undefined ? [] : wish(["existing"], settings.existing, cluster(finding))),
    ...flavours(settings),
    ...parts(settings),
  ];
}

/** What a template of the stack's own is made of, unless it is there: then Magnum asks for it no more. */
export async function ofOwnTemplate({ template: own }: MagnumSettings, name: string): Promise<Wish[]> {
  if (typeof own !== "object" || (await isThere(template.find(name)))) return [];
  return [
    ...(isId(own.image) ? [] : wish(["template", "image"], own.image, image)),
    ...wish(["template", "externalNetwork"], own.externalNetwork, externalNetwork),
    ...wish(["template", "masterMachineType"], own.masterMachineType, flavour),
  ];
}

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

/** A wish where a setting names something. */
export function wish(
  path: readonly string[],
  name: string | undefined,
  what: Pick<Wish, "find" | "missing">,
): Wish[] {
  return name === undefined ? [] : [{ path, name, ...what }];
}

/** Asks by name, then by id: Magnum takes both. */
export function either<Found>(byName: Promise<Found>, byId: () => Promise<Found>): Promise<Found> {
  return byName.catch((error: unknown) => {
    // Of several by that name none has it as its id.
    if (/more than one/.test(String(error))) throw error;
    return byId();
  });
}

function cluster(finding: Promise<unknown>): Pick<Wish, "find" | "missing"> {
  return {
    find: (name) =>
      finding.then(
        () => undefined,
        (error: unknown) => {
          // The cluster was found, whatever of it is missing.
          if (/building kubeconfig/.test(String(error))) return notUp(name);
          throw error;
        },
      ),
    missing: "is no cluster of this project; choose one of: openstack coe cluster list",
  };
}

/** What is wrong with a cluster of which Magnum gives no kubeconfig. */
export function notUp(name: string): string {
  return `has no kubeconfig, so it has not come up; look at it with: openstack coe cluster show ${name}`;
}

const flavour: Pick<Wish, "find" | "missing"> = {
  find: (name) => {
    const { getFlavor } = openstack.compute;
    return either(getFlavor({ name }), () => getFlavor({ flavorId: name })).then(() => undefined);
  },
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
