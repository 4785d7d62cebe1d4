import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { HubTls } from "../../settings/releases/hub-tls.ts";
import type { SmokeTestResult } from "../release.ts";
import { smokeTest } from "../smoke-test.ts";
import { PORTS, SERVICES, serviceTokenKey } from "./chart.ts";
import type { HubArgs } from "./parts.ts";
import { SMOKE_TEST_SERVICE } from "./smoke-test-role.ts";

/** Asks a hub, through its proxy, for its versions, with a token that may do nothing else. */
export function hubSmokeTest(
  name: string,
  { settings, cluster, namespace }: HubArgs,
  { release, secret }: { release: k8s.helm.v3.Release; secret: pulumi.Input<string> },
  parent: pulumi.Resource,
): SmokeTestResult {
  return smokeTest(
    `${name}-smoke-test`,
    {
      cluster,
      namespace,
      image: settings.image,
      pullSecrets: settings.pullSecrets,
      env: [
        { name: "HUB", value: proxyAddress(settings.tls) },
        {
          name: "TOKEN",
          valueFrom: { secretKeyRef: { name: secret, key: serviceTokenKey(SMOKE_TEST_SERVICE) } },
        },
      ],
      subject: "hub",
      revision: release.status.revision,
      needsRoot: false,
    },
    parent,
  );
}

/**
 * The hub's proxy as pods of the namespace reach it.
 *
 * With a certificate in a Secret only HTTPS is served, with a name that is not the Service's.
 */
export function proxyAddress({ kind }: HubTls): string {
  switch (kind) {
    case "letsencrypt":
      return `http://${SERVICES.proxyHttp}:${PORTS.proxyHttp}`;
    case "offload":
      // Its port for HTTPS speaks HTTP, and is there where the other one is closed.
      return `http://${SERVICES.proxy}:${PORTS.https}`;
    case "secret":
    case "manual":
      return `https://${SERVICES.proxy}`;
    default:
      return `http://${SERVICES.proxy}`;
  }
}
