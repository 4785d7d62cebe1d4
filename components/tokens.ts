import type * as pulumi from "@pulumi/pulumi";
import { secret } from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** Bytes of a generated token: 256 bits, as `openssl rand -hex 32` makes them. */
const TOKEN_BYTES = 32;

/** What the tokens of a release follow from. */
export interface TokenSettings {
  /** Another value than before makes new tokens. */
  readonly rotation?: string | number | undefined;
}

/** Generates a token of 64 hexadecimal digits that stays the same until the settings ask for another. */
export function token(
  name: string,
  { rotation }: TokenSettings,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const keepers = rotation === undefined ? {} : { keepers: { rotation: String(rotation) } };
  const bytes = new random.RandomBytes(name, { length: TOKEN_BYTES, ...keepers }, { parent });
  return secret(bytes.hex);
}
