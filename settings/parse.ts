import { cluster } from "./clusters/cluster.ts";
import { offerWhatFits } from "./clusters/gateway-offers.ts";
import { type Problem, problemsOf, SettingsError } from "./problems.ts";
import { check } from "./rules.ts";
import { release, type Settings, schema } from "./schema.ts";

/**
 * Checks what stands under `dask:` in a stack file and fills in the defaults.
 *
 * @param input the parsed values, keyed without the `dask:` prefix
 * @param found problems that the reader of the file knows already
 * @throws SettingsError with every problem of the file
 */
export function parseSettings(input: unknown, found: readonly Problem[] = []): Settings {
  const result = schema.safeParse(input, { reportInput: true });
  const settings = result.success ? offerWhatFits(result.data) : undefined;
  const own =
    settings === undefined
      ? [...problemsOf(result.error?.issues ?? [], input, schema), ...checkWhatParses(input)]
      : check(settings, input);
  const problems = [...found, ...own];
  if (settings === undefined || problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/** Applies the rules to the releases that are well-formed, so that one bad release does not hide another's fault. */
function checkWhatParses(input: unknown): Problem[] {
  const raw = isMap(input) ? input : {};
  const releases = Object.entries(isMap(raw.releases) ? raw.releases : {}).flatMap(([name, value]) => {
    const parsed = release.safeParse(value);
    return parsed.success ? [[name, parsed.data] as const] : [];
  });
  const parsedCluster = cluster.safeParse(raw.cluster);
  if (!parsedCluster.success) return [];
  const parsedOthers = others.safeParse(raw);
  const settings = parsedOthers.success ? parsedOthers.data : others.parse({});
  const sound = { ...settings, cluster: parsedCluster.data, releases: Object.fromEntries(releases) };
  return check(offerWhatFits(sound), input);
}

const others = schema.omit({ cluster: true, releases: true }).strip();

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
