import { type Fields, fields, HELM_RELEASE, isMarked, type Planned, parts } from "./planned.ts";

/** Names of secrets, without what stands between their words: `apiKey`, `api_key` and `api-key` are one. */
const SECRET_NAME = /(password|passwd|token|apikey|clientsecret|cookiesecret|privatekey|secretaccesskey)$/i;
/** A part of the inputs that is a map from variables to their values. */
const VARIABLES = /(^|\.)\w*env(ironment)?$/i;

/** Passwords and tokens that stand in plain text. */
export function plainSecrets({ type, inputs }: Planned): readonly string[] {
  if (/:Secret$/.test(type)) return inSecret(inputs);
  const found = parts(/:ConfigMap$/.test(type) ? fields(inputs.data) : inputs);
  return found.flatMap(({ path, value }) =>
    VARIABLES.test(path)
      ? Object.entries(value).flatMap(([name, each]) => inVariable(path, { name, value: each }))
      : [...inKeys(path, value), ...inVariable(path, value)],
  );
}

function isSecretKey(key: string): boolean {
  return SECRET_NAME.test(key.replace(/[-_]/g, ""));
}

/** A key may end in `secret` and name one; the value of a variable is one. */
function isSecretVariable(name: string): boolean {
  return isSecretKey(name) || /(^|_)SECRET$/i.test(name);
}

/** A Secret's own data must be known as secret, or they stand in the state for all to read. */
function inSecret({ data, stringData }: Fields): readonly string[] {
  return [data, stringData].flatMap((entries) =>
    isMarked(entries)
      ? []
      : Object.entries(fields(entries))
          .filter(([key, value]) => isSecretKey(key) && isPlain(value))
          .map(([key]) => `${key} is not marked as secret; make it with pulumi.secret`),
  );
}

/**
 * A resource as the engine shows it to a policy pack, with its secrets marked again.
 *
 * The engine hands them over as plain text. Where every stack of this project has a secret, one is taken to be there:
 * the data of Secrets, and the one token that the hub's chart takes from nowhere but its values.
 */
export function withKnownSecrets({ type, inputs }: Planned): Planned {
  if (/:Secret$/.test(type)) {
    const { data, stringData } = inputs;
    return { type, inputs: { ...inputs, data: { secret: data }, stringData: { secret: stringData } } };
  }
  if (type !== HELM_RELEASE) return { type, inputs };
  const values = fields(inputs.values);
  const { jupyterhub } = values;
  const marked =
    jupyterhub === undefined ? values : { ...values, jupyterhub: withProxyToken(fields(jupyterhub)) };
  return { type, inputs: { ...inputs, values: withProxyToken(marked) } };
}

function withProxyToken(values: Fields): Fields {
  const proxy = fields(values.proxy);
  const { secretToken } = proxy;
  return secretToken === undefined
    ? values
    : { ...values, proxy: { ...proxy, secretToken: { secret: secretToken } } };
}

function inKeys(path: string, value: Fields): readonly string[] {
  return Object.entries(value)
    .filter(([key, each]) => isSecretKey(key) && isPlain(each))
    .map(([key]) => `${path === "" ? key : `${path}.${key}`} stands in plain text; put it into a Secret`);
}

/** A variable of a container: `{ name, value }`, or an entry of a map of variables. */
function inVariable(path: string, { name, value }: Fields): readonly string[] {
  if (typeof name !== "string" || !isSecretVariable(name) || !isPlain(value)) return [];
  return [`${path} gives ${name} in plain text; take it from a Secret with valueFrom`];
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
