import type { Values } from "../chart.ts";
import { GATEWAY_SCOPE } from "./gateway-glue.ts";

/** The smoke test's name among the hub's services. */
export const SMOKE_TEST_SERVICE = "smoke-test";

/** The one thing that the smoke test's token may do: use the gateway, or ask the hub for its versions. */
export function smokeTestRole(gateway: boolean): Values {
  return { services: [SMOKE_TEST_SERVICE], scopes: [gateway ? GATEWAY_SCOPE : "read:hub"] };
}
