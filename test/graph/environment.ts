/** No login of a cloud, whatever this machine has. */
export const NO_LOGIN: NodeJS.ProcessEnv = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^(GOOGLE|GCLOUD|GCP|CLOUDSDK|AWS|OS)_/.test(name))
    .map((name) => [name, undefined]),
);

/** What the clouds' providers take for a login; nobody logs in. */
export const LOGIN: NodeJS.ProcessEnv = {
  ...NO_LOGIN,
  GOOGLE_CREDENTIALS: "{}",
  AWS_ACCESS_KEY_ID: "AKIA",
  OS_AUTH_URL: "http://192.0.2.1/v3",
  OS_PASSWORD: "hunter2",
};

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
