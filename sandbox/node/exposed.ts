type Config = Readonly<Record<string, unknown>>;

// Nobody but this machine has a way to a real node's load balancers; the range is stated because a scheduler has no
// password, and the stack insists on a word about who may connect.
const HERE = { allowFrom: ["10.0.0.0/8"] };

/**
 * The config of a stack file with a load balancer before every `dask` release that does not say otherwise; pure.
 * Where the file says how its cluster lets Services out, it is left as it is.
 */
export function exposedHere(config: Config): Config {
  const cluster = config["dask:cluster"] as Config | undefined;
  if (cluster?.expose !== undefined) return config;
  const releases = Object.entries((config["dask:releases"] ?? {}) as Record<string, Config>);
  const changed = releases.map(([name, release]) => [
    name,
    release.kind === "dask" ? withAddresses(release) : release,
  ]);
  return {
    ...config,
    "dask:cluster": { ...cluster, expose: "LoadBalancer" },
    "dask:releases": Object.fromEntries(changed),
  };
}

function withAddresses(release: Config): Config {
  const { scheduler, jupyter } = release;
  return {
    ...release,
    scheduler: { expose: HERE, ...(scheduler as Config) },
    jupyter: jupyter === false ? false : { expose: HERE, ...(jupyter === true ? {} : (jupyter as Config)) },
  };
}
