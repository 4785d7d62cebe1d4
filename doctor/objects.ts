import { z } from "zod";

/*
 * Objects of the cluster, as far as they tell why something is not ready. Fields that are missing mean nothing is known.
 */

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  labels: z.record(z.string(), z.string()).default({}),
  deletionTimestamp: z.string().optional(),
  finalizers: z.array(z.string()).default([]),
  ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
});

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
});

const terminated = z.object({
  exitCode: z.number().default(0),
  reason: z.string().default(""),
  message: z.string().default(""),
});
const containerState = z.object({
  waiting: z.object({ reason: z.string().default(""), message: z.string().default("") }).optional(),
  running: z.object({}).optional(),
  terminated: terminated.optional(),
});
const containerStatus = z.object({
  name: z.string(),
  image: z.string().default(""),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: containerState.default({}),
  lastState: containerState.default({}),
});

export const pod = z.object({
  metadata,
  spec: z.object({ nodeName: z.string().optional() }).default({}),
  status: z
    .object({
      phase: z.string().default(""),
      reason: z.string().default(""),
      message: z.string().default(""),
      conditions: z.array(condition).default([]),
      initContainerStatuses: z.array(containerStatus).default([]),
      containerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});
export type Pod = z.output<typeof pod>;
export type ContainerStatus = z.output<typeof containerStatus>;

export const event = z.object({
  involvedObject: z.object({
    kind: z.string(),
    name: z.string().default(""),
    namespace: z.string().default(""),
  }),
  type: z.string().default(""),
  reason: z.string().default(""),
  message: z.string().default(""),
  lastTimestamp: z.string().nullish(),
});
export type Event = z.output<typeof event>;

export const claim = z.object({
  metadata,
  spec: z.object({ storageClassName: z.string().optional() }).default({}),
  status: z.object({ phase: z.string().default("") }).prefault({}),
});
export type Claim = z.output<typeof claim>;

export const workload = z.object({
  /** Lists leave it out: whoever asks for one adds it. */
  kind: z.string().default(""),
  metadata,
  spec: z.object({ replicas: z.number().optional() }).default({}),
  status: z
    .object({
      conditions: z.array(condition).default([]),
      /** Of Deployments and StatefulSets. */
      readyReplicas: z.number().default(0),
      /** Of DaemonSets. */
      desiredNumberScheduled: z.number().optional(),
      numberReady: z.number().default(0),
      /** Of Jobs: pods that wait or run. */
      active: z.number().default(0),
    })
    .prefault({}),
});
export type Workload = z.output<typeof workload>;

export const service = z.object({
  metadata,
  spec: z.object({ type: z.string().default("") }).prefault({}),
  status: z
    .object({ loadBalancer: z.object({ ingress: z.array(z.unknown()).default([]) }).prefault({}) })
    .prefault({}),
});
export type Service = z.output<typeof service>;

export const namespace = z.object({
  metadata,
  status: z.object({ conditions: z.array(condition).default([]) }).prefault({}),
});
export type Namespace = z.output<typeof namespace>;

/** What holds an object: nothing but its name and finalizers is read of it. */
export const held = z.object({ kind: z.string().default(""), metadata });
export type Held = z.output<typeof held>;
