import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import fc from "fast-check";
import type { HubFacts } from "../../components/hub/values.ts";

/** Facts of a hub as the components give them, with text in the place of outputs. */
export const facts: HubFacts = {
  chart: "4.4.0",
  placement: () => ({ nodeSelector: {}, tolerations: [] }),
  exposure: { type: "ClusterIP", annotations: {} },
  secret: "hub-1a2b",
  proxyToken: "PROXY-TOKEN",
  tlsSecret: "hub-tls-1a2b",
  database: {
    url: "postgresql+psycopg2://hub@hub-db-rw.team:5432/hub",
    password: { name: "hub-db", key: "password" },
    generation: "generation-1",
    egress: [
      { to: [{ podSelector: { matchLabels: { db: "hub-db" } } }], ports: [{ port: 5432, protocol: "TCP" }] },
    ],
    resources: [],
    kept: [],
  },
  smokeTest: true,
};

type Schema = Record<string, unknown>;

/**
 * A check against a chart's own schema, as Helm makes it: Helm merges our values over the chart's, so what those hold
 * is not asked for.
 *
 * @param file in test/schemas, or a path
 */
export function schemaCheck(file: string | URL): (values: unknown) => string[] {
  const text = readFileSync(
    typeof file === "string" ? new URL(`../schemas/${file}`, import.meta.url) : file,
    "utf8",
  );
  const validate = new Ajv({ strict: false, allErrors: true }).compile(
    withoutRequired(JSON.parse(text)) as Schema,
  );
  return (values) => {
    validate(values);
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  };
}

function withoutRequired(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutRequired);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !(key === "required" && Array.isArray(value)))
      .map(([key, value]) => [key, withoutRequired(value)]),
  );
}

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/);
const cores = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constantFrom(0.1, 0.5, 1.5));
const memory = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.constantFrom(1.5, 2.25)),
    fc.constantFrom("K", "M", "G", "T"),
  )
  .map(([number, unit]) => `${number}${unit}`);
const duration = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom("s", "m", "h", "d"))
  .map(([number, unit]) => `${number}${unit}`);
const image = fc
  .tuple(
    name,
    name,
    fc.constantFrom(":1.2", ":2025.11.13", `:1@sha256:${"a".repeat(64)}`, `@sha256:${"b".repeat(64)}`),
  )
  .map(([registry, path, tag]) => `${registry}.io:5000/${path}${tag}`);
// `--` in third place marks an encoded name: `xn--a` decodes to nothing, and is no host.
const host = name.filter((each) => !/^..--/.test(each)).map((each) => `${each}.example.org`);
const url = host.map((each) => `https://${each}/path`);
const names = fc.uniqueArray(name, { maxLength: 3 });
const optional = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: undefined });
const environment = fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,10}$/), fc.string(), { maxKeys: 3 });
const range = <Value>(of: fc.Arbitrary<Value>) => fc.record({ guarantee: of, limit: of });
const size = { cores: range(cores), memory: range(memory) };

const people = { admins: names, allowedUsers: names };
const client = { ...people, clientId: name, anyone: fc.boolean() };
const auth = fc.oneof(
  fc.record({ kind: fc.constant("github"), ...client, organizations: names, url: optional(url) }),
  fc.record({
    kind: fc.constant("google"),
    ...client,
    hostedDomains: names.map((all) => all.map((n) => `${n}.org`)),
  }),
  fc.record({
    kind: fc.constant("generic-oauth"),
    ...client,
    authorizeUrl: url,
    tokenUrl: url,
    userdataUrl: url,
    groupsClaim: optional(name),
    allowedGroups: names,
    adminGroups: names,
  }),
  fc.record({ kind: fc.constantFrom("password", "native", "dummy"), ...people }),
);
const tls = fc.oneof(
  fc.record({ kind: fc.constant("letsencrypt"), email: fc.constant("ops@example.org") }),
  fc.record({ kind: fc.constant("secret"), name }),
  fc.record({ kind: fc.constantFrom("manual", "offload", "none") }),
);
const storage = fc.oneof(
  fc.record({ kind: fc.constant("dynamic"), size: memory, storageClass: optional(name) }),
  fc.record({ kind: fc.constant("static"), claim: name, subPath: fc.constant("home/{username}") }),
  fc.record({ kind: fc.constant("none") }),
);
const profile = fc
  .record({
    name,
    description: fc.string(),
    default: fc.boolean(),
    image: optional(image),
    images: fc.dictionary(name, image, { minKeys: 1, maxKeys: 3 }),
    ...size,
    gpus: fc.integer({ min: 0, max: 4 }),
    environment,
  })
  .map(({ image, images, ...rest }) => ({ ...rest, ...(image === undefined ? { images } : { image }) }));

/** Settings that the schema of a hub accepts, as they stand in a stack file; rules of several keys are not kept. */
export const hubInput = fc
  .record({
    host: optional(host),
    tls,
    auth,
    image,
    pullSecrets: names,
    user: fc.record({
      ...size,
      storage,
      environment,
      startTimeout: duration,
      serviceAccountName: optional(name),
    }),
    profiles: fc.array(profile, { maxLength: 3 }),
    cull: fc.oneof(
      fc.constant(false),
      fc.record({ idle: duration, every: duration, maxAge: optional(duration) }),
    ),
    placeholders: fc.integer({ min: 0, max: 5 }),
    userScheduler: fc.boolean(),
    prePull: fc.boolean(),
    hub: fc.record({ ...size, proxy: fc.record(size) }),
    database: fc.oneof(
      fc.record({ kind: fc.constant("sqlite"), size: memory, storageClass: optional(name) }),
      fc.record({ kind: fc.constant("postgres") }),
    ),
  })
  .map(withoutUndefined);

/** Facts of a hub, over what clusters answer. */
export const hubFacts: fc.Arbitrary<Partial<HubFacts>> = fc.record({
  chart: fc.constant("4.4.0" as const),
  exposure: fc.record(
    {
      type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
      annotations: fc.dictionary(name, fc.string(), { maxKeys: 2 }),
      loadBalancerIP: fc.ipV4(),
      allowFrom: fc.array(
        fc.ipV4().map((ip) => `${ip}/32`),
        { minLength: 1, maxLength: 2 },
      ),
    },
    { requiredKeys: ["type", "annotations"] },
  ),
  storageClass: fc.option(name, { nil: undefined }),
  gateway: fc.option(
    fc.record({
      release: name,
      schedulerPort: fc.constantFrom(80, 8786),
      imageOption: fc.boolean(),
    }),
    { nil: undefined },
  ),
  daskOperator: fc.option(fc.record({ serviceAccountName: name, environment }), { nil: undefined }),
  smokeTest: fc.boolean(),
  placement: fc.dictionary(name, name, { maxKeys: 2 }).map((nodeSelector) => () => ({
    nodeSelector,
    tolerations: [{ key: "dedicated", operator: "Exists" as const }],
  })),
});

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key, withoutUndefined(each)]),
  );
}
