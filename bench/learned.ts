/** One Helm release as a stack of ours has it: what the rivals install too. */
export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly repo?: string;
  readonly version?: string;
  readonly values: unknown;
}

/** Pulumi's marks of a secret and of its plain text in an exported state. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** The Helm releases of a state exported with its secrets shown; pure. */
export function releasesOf(state: ExportedState): HelmRelease[] {
  return state.deployment.resources
    .filter(({ type }) => type === "kubernetes:helm.sh/v3:Release")
    .map(({ inputs }) => {
      const { name, namespace, chart, version, repositoryOpts, values } = plain(inputs) as ReleaseInputs;
      const repo = repositoryOpts?.repo;
      return {
        ...{ name, namespace, chart, values },
        ...(repo === undefined ? {} : { repo }),
        ...(version === undefined ? {} : { version }),
      };
    });
}

/**
 * What rivals find on the cluster, because our stack makes it and pods want it: the Secrets of a state exported with its
 * secrets shown, after the namespaces that they are in; pure.
 */
export function foundOf(state: ExportedState): object[] {
  const secrets = state.deployment.resources
    .filter(({ type }) => type === "kubernetes:core/v1:Secret")
    .map(({ inputs }) => {
      const { metadata, data } = plain(inputs) as SecretInputs;
      const { name, namespace } = metadata;
      return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, data };
    });
  const namespaces = [...new Set(secrets.map(({ metadata }) => metadata.namespace))];
  const made = namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  return [...made, ...secrets];
}

/** What of `pulumi stack export --show-secrets` is read. */
export interface ExportedState {
  readonly deployment: {
    readonly resources: readonly { readonly type: string; readonly inputs?: unknown }[];
  };
}

interface ReleaseInputs {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version?: string;
  readonly repositoryOpts?: { readonly repo?: string };
  readonly values: unknown;
}

interface SecretInputs {
  readonly metadata: { readonly name: string; readonly namespace: string };
  /** In base64: the provider notes what a program gives as `stringData` in this way. */
  readonly data: Readonly<Record<string, string>>;
}

/** Values as they are, where the state marks secrets; a namespace's own ServiceAccount for those that our stack makes. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value && "plaintext" in value) return plain(JSON.parse(String(value.plaintext)));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === "serviceAccountName" ? "default" : plain(each)]),
  );
}
