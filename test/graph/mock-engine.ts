import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly inputs: Record<string, unknown>;
  readonly parent: string;
  /** URNs of everything it depends on, by option or by value. */
  readonly dependencies: readonly string[];
  readonly provider: string;
  readonly ignoreChanges: readonly string[];
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** Names that it had before. */
  readonly aliases?: readonly string[];
}

/** What a program registered, in order, and its outputs. */
export interface Run {
  readonly resources: readonly Registered[];
  readonly outputs: Record<string, unknown>;
  /** The one resource of a type and name; fails where there is none. */
  find(type: string, name?: string): Registered;
  all(type: string): readonly Registered[];
}

/** What a mock adds to the outputs of a resource, by type token; what is not named echoes its inputs. */
export type States = Readonly<
  Record<string, (name: string, inputs: Record<string, unknown>) => Record<string, unknown>>
>;

/** Answers of provider functions by token. */
export type Calls = Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;

/** Outputs that our programs read from the real parts, as those give them. */
const defaultStates: States = {
  "kubernetes:helm.sh/v3:Release": () => ({ status: { revision: 1, status: "deployed" } }),
  "random:index/randomBytes:RandomBytes": (name) => ({ hex: `hex-of-${name}`, base64: `base64-of-${name}` }),
  "random:index/randomPassword:RandomPassword": (name) => ({ result: `password-of-${name}` }),
  "kubernetes:core/v1:Service": () => ({ status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } } }),
};

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getProtect(): boolean;
  getRetainondelete?(): boolean;
  getDependenciesList(): string[];
  getIgnorechangesList(): string[];
  getAliasesList(): { getSpec(): { getName(): string } | undefined }[];
  getObject(): { toJavaScript(): Record<string, unknown> };
}
interface Monitor {
  newUrn(parent: string, type: string, name: string): string;
  registerResource(request: RegisterRequest, callback: (...args: unknown[]) => void): Promise<void>;
}

/** Options of a run under mocks. */
export interface RunOptions {
  readonly states?: States;
  readonly calls?: Calls;
  readonly preview?: boolean;
  readonly stack?: string;
}

/** Runs a program under Pulumi's mocks and records what it registered, parents and dependencies included. */
export async function run(program: () => Promise<object>, options: RunOptions = {}): Promise<Run> {
  const states = { ...defaultStates, ...options.states };
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ type, name, inputs, id }) => ({
      id: id === undefined || id === "" ? `${name}-id` : id,
      state: { ...withMetadata(name, inputs), ...states[type]?.(name, inputs) },
    }),
    call: ({ token, inputs }) => options.calls?.[token]?.(inputs) ?? inputs,
  };
  await pulumi.runtime.setMocks(
    mocks,
    "dask",
    options.stack ?? "test",
    options.preview ?? false,
    "organization",
  );
  const resources: Registered[] = [];
  record(pulumi.runtime.getMonitor() as unknown as Monitor, resources);
  const outputs = await withShortStacks(async () => {
    const result = await pulumi.runtime.runInPulumiStack(program);
    // Registrations that no output waits for are still under way.
    await pulumi.runtime.disconnect();
    return result;
  });
  return {
    resources,
    outputs: await resolve(outputs),
    all: (type) => resources.filter((each) => each.type === type),
    find: (type, name) => {
      const found = resources.filter(
        (each) => each.type === type && (name === undefined || each.name === name),
      );
      const [only] = found;
      if (only === undefined || found.length > 1) {
        const registered = resources.map((each) => `${each.type} ${each.name}`).join("\n  ");
        throw new Error(`${found.length} resources ${type} ${name ?? ""} among\n  ${registered}`);
      }
      return only;
    },
  };
}

/** Pulumi keeps a stack trace of every promise it makes: with whole ones a run takes a third longer. */
async function withShortStacks<Result>(body: () => Promise<Result>): Promise<Result> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 3;
  try {
    return await body();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The plain value behind an output. */
export function value<Value>(output: pulumi.Input<Value>): Promise<pulumi.Unwrap<Value>> {
  return new Promise((done) => {
    pulumi.output(output).apply(done);
  });
}

/** Whether an output is secret. */
export function isSecret(output: unknown): Promise<boolean> {
  return pulumi.Output.isInstance(output) ? pulumi.isSecret(output) : Promise.resolve(false);
}

/** All that a resource depends on, directly and through others, its dependencies' parents and children not included. */
export function reaches({ resources }: Run, from: Registered): Set<string> {
  const byUrn = new Map(resources.map((each) => [each.urn, each]));
  const seen = new Set<string>();
  const visit = (urn: string) => {
    if (seen.has(urn)) return;
    seen.add(urn);
    for (const next of byUrn.get(urn)?.dependencies ?? []) visit(next);
  };
  for (const urn of from.dependencies) visit(urn);
  return seen;
}

function record(monitor: Monitor, into: Registered[]): void {
  const original = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    into.push({
      type: request.getType(),
      name: request.getName(),
      urn: monitor.newUrn(request.getParent(), request.getType(), request.getName()),
      inputs: plain(request.getObject().toJavaScript()) as Record<string, unknown>,
      parent: request.getParent(),
      dependencies: request.getDependenciesList(),
      provider: request.getProvider(),
      ignoreChanges: request.getIgnorechangesList(),
      protect: request.getProtect(),
      retainOnDelete: request.getRetainondelete?.() ?? false,
      aliases: request.getAliasesList().flatMap((each) => each.getSpec()?.getName() ?? []),
    });
    return original(request, callback);
  };
}

/** The key under which Pulumi's wire format marks a secret or a resource. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Inputs without the wire format's marks: a secret stands as `{ secret: value }`. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value && "value" in value) return { secret: plain(value.value) };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** A Kubernetes object that was given no name gets one from the provider. */
function withMetadata(name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (typeof inputs.metadata !== "object" || inputs.metadata === null) return inputs;
  return { ...inputs, metadata: { name: `${name}-1a2b3c`, ...inputs.metadata } };
}

function resolve(outputs: unknown): Promise<Record<string, unknown>> {
  return value(outputs as pulumi.Input<Record<string, unknown>>) as Promise<Record<string, unknown>>;
}
