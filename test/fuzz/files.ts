import fc from "fast-check";
import { stringify } from "yaml";
import { inputOf, STACK_FILES } from "../unit/stack-files.ts";
import { SECRET } from "./judge.ts";
import { type Mutation, mutate, mutations, type StackFile } from "./mutations.ts";
import { alternatives, root, schemaAt } from "./schema.ts";
import { valuesOf } from "./values.ts";

/** A stack file that was made up, with the way it was made. */
export interface Fuzzed {
  readonly file: StackFile;
}

/** The kinds of releases, as the schema names them. */
export const KINDS = schemaAt(["releases", "a"])
  .flatMap(alternatives)
  .map(({ properties }) => {
    const kind = properties?.kind;
    return String(typeof kind === "object" ? kind.const : undefined);
  });

/** Sound stack files: those of the project, and the shortest of every kind. */
const sound: readonly StackFile[] = [
  ...STACK_FILES.map((file) => onAnyCluster(inputOf(file))),
  ...KINDS.map((kind) => ({
    cluster: { provider: "existing", expose: "LoadBalancer" },
    releases: { a: { kind, ...(kind.endsWith("hub") ? { expose: "ClusterIP" } : {}) } },
    liveChecks: false,
    secrets: { cluster: { kubeconfig: SECRET } },
  })),
];

/** A stack file with the one cluster that tests have, where its own is there already. */
function onAnyCluster(file: StackFile): StackFile {
  const { cluster, secrets } = file as { cluster: StackFile; secrets: Record<string, StackFile> };
  const hidden = Object.fromEntries(
    Object.entries(secrets).map(([name, each]) => [
      name,
      Object.fromEntries(Object.keys(each).map((key) => [key, SECRET])),
    ]),
  );
  if (cluster.provider !== "existing") return { ...file, secrets: hidden };
  const { context: _, ...rest } = cluster;
  return { ...file, cluster: rest, secrets: { ...hidden, cluster: { kubeconfig: SECRET } } };
}

const drawn = valuesOf(root).map((file) => ({ ...(file as StackFile), liveChecks: false }));

/** Stack files of all sorts: sound ones, sound ones with some changes, and made up ones. */
export const files: fc.Arbitrary<StackFile> = fc
  .record({
    base: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...sound) }, { weight: 1, arbitrary: drawn }),
    changes: fc.array(mutations, { maxLength: 4 }),
  })
  .map(({ base, changes }) =>
    changes.reduce<StackFile>((file, change: Mutation) => mutate(file, change), base),
  );

/** A stack file as it would stand on disk. */
export function asYaml(file: StackFile): string {
  const config = Object.entries(file).map(([key, value]) => [`dask:${key}`, value]);
  return stringify({ config: Object.fromEntries(config) });
}

/** A seed of this run, or the one that was asked for. */
export function seedOf(wanted: string | undefined): number {
  return wanted === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(wanted);
}

/**
 * Tries a property on stack files.
 *
 * @throws Error with the seed and the smallest failing file as YAML
 */
export async function tryFiles(
  body: (file: StackFile) => Promise<void> | void,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<void> {
  const options = { numRuns: count, seed, endOnFailure: false };
  const result = await fc.check(
    fc.asyncProperty(files, async (file) => {
      await body(file);
    }),
    options,
  );
  if (!result.failed) return;
  const [file] = result.counterexample ?? [{}];
  const error = result.errorInstance;
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  throw new Error(`seed ${seed}, file ${result.numRuns}:\n${asYaml(file ?? {})}\n${why}`);
}
