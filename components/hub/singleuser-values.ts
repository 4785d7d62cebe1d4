import type * as pulumi from "@pulumi/pulumi";
import type { Placement, Role } from "../../settings/placement.ts";
import { seconds } from "../../settings/quantities.ts";
import type { HubSettings, Profile } from "../../settings/releases/jupyterhub.ts";
import type { Values } from "../chart.ts";
import { notebookEgress } from "../dask-operator/chart.ts";
import type { NotebookAccess } from "../dask-operator/values.ts";
import { imageParts } from "../image.ts";
import { canonicalMemory } from "../quantity.ts";
import { type GatewayBeside, gatewayEgress, gatewayEnvironment } from "./gateway-glue.ts";

/** What notebooks are made of beside the settings. */
export interface SingleuserFacts {
  readonly placement: (role: Role) => Placement;
  /** The cluster's storage class; `undefined` means its default. */
  readonly storageClass?: pulumi.Input<string> | undefined;
  /** The gateway that notebooks compute on. */
  readonly gateway?: GatewayBeside | undefined;
  /** What notebooks need to make clusters with `KubeCluster`. */
  readonly daskOperator?: NotebookAccess | undefined;
}

/** The part `singleuser` of the `jupyterhub` chart's values: the notebook servers of users. */
export function singleuserValues(settings: HubSettings, facts: SingleuserFacts): Values {
  const { user, profiles } = settings;
  const { nodeSelector, tolerations } = facts.placement("user");
  const serviceAccountName = facts.daskOperator?.serviceAccountName ?? user.serviceAccountName;
  return {
    image: imageParts(settings.image),
    cpu: user.cores,
    memory: user.memory,
    storage: storageValues(settings, facts),
    extraEnv: { ...daskEnvironment(facts), ...user.environment },
    defaultUrl: user.url,
    startTimeout: seconds(user.startTimeout),
    nodeSelector,
    extraTolerations: tolerations,
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    // The chart's own way is a privileged container in every user's pod, which Pod Security refuses; the
    // NetworkPolicy keeps notebooks from the metadata server as well.
    cloudMetadata: { blockWithIptables: false },
    networkPolicy: { enabled: true, egress: egress(settings, facts) },
    ...(profiles.length > 0 ? { profileList: profiles.map((each) => profileValues(each, facts)) } : {}),
  };
}

function storageValues({ user: { storage } }: HubSettings, { storageClass }: SingleuserFacts): Values {
  switch (storage.kind) {
    case "dynamic": {
      const wanted = storage.storageClass ?? storageClass;
      return {
        type: "dynamic",
        capacity: canonicalMemory(storage.size),
        ...(wanted === undefined ? {} : { dynamic: { storageClass: wanted } }),
      };
    }
    case "static":
      return { type: "static", static: { pvcName: storage.claim, subPath: storage.subPath } };
    default:
      return { type: "none" };
  }
}

/** Environment in which `GatewayCluster()` and `KubeCluster()` work without arguments. */
function daskEnvironment({ gateway, daskOperator }: SingleuserFacts): Values {
  return {
    ...(gateway === undefined ? {} : gatewayEnvironment(gateway)),
    ...(daskOperator === undefined ? {} : literal(daskOperator.environment)),
  };
}

/** Doubles the braces of names and JSON that Dask reads: KubeSpawner fills in single ones, or fails on them. */
function literal(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace(/[{}]/g, "$&$&")]),
  );
}

function egress({ user }: HubSettings, { gateway, daskOperator }: SingleuserFacts): unknown[] {
  const makesClusters = daskOperator !== undefined || user.serviceAccountName !== undefined;
  return [
    ...(gateway === undefined ? [] : [gatewayEgress(gateway)]),
    ...(makesClusters ? notebookEgress : []),
    ...user.egress,
  ];
}

/** A profile as KubeSpawner takes it. */
function profileValues(profile: Profile, { placement }: SingleuserFacts): Values {
  const { nodeSelector, tolerations } = placement("gpu");
  return {
    display_name: profile.name,
    description: profile.description,
    ...(profile.default ? { default: true } : {}),
    kubespawner_override: {
      ...(profile.image === undefined ? {} : { image: profile.image }),
      cpu_guarantee: profile.cores.guarantee,
      cpu_limit: profile.cores.limit,
      mem_guarantee: profile.memory.guarantee,
      mem_limit: profile.memory.limit,
      ...(Object.keys(profile.environment).length > 0 ? { environment: profile.environment } : {}),
      ...(profile.gpus > 0
        ? {
            extra_resource_limits: { "nvidia.com/gpu": String(profile.gpus) },
            node_selector: nodeSelector,
            tolerations,
            // The nodes that all other notebooks are held to have no GPUs.
            node_affinity_required: [],
          }
        : {}),
    },
    ...(profile.images === undefined ? {} : { profile_options: { image: imageOption(profile.images) } }),
  };
}

function imageOption(images: Readonly<Record<string, string>>): Values {
  const choices = Object.entries(images).map(
    ([name, image], index) =>
      [
        name,
        { display_name: name, ...(index === 0 ? { default: true } : {}), kubespawner_override: { image } },
      ] as const,
  );
  return { display_name: "Image", choices: Object.fromEntries(choices) };
}
