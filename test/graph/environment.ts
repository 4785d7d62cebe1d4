/** Runs with variables of the environment changed, `undefined` for one that is not there. */
export async function withEnvironment(change: NodeJS.ProcessEnv, work: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await work().finally(() => {
    for (const name of Object.keys(change)) delete process.env[name];
    Object.assign(process.env, before);
  });
}
