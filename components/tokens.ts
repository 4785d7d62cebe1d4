import type * as pulumi from "@pulumi/pulumi";
import { secret } from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** Bytes of a generated token: 256 bits, as `openssl rand -hex 32` makes them. */
const TOKEN_BYTES = 32;

/** Generates a token of 64 hexadecimal digits that stays the same until its resource is replaced. */
export function token(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  const bytes = new random.RandomBytes(name, { length: TOKEN_BYTES }, { parent });
  return secret(bytes.hex);
}
