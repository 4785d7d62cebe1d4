import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { chartRelease } from "./chart.ts";
import type { Addresses } from "./endpoint.ts";
import type { GatewayBeside } from "./hub/gateway-glue.ts";
import { createHubParts, type HubArgs, hubAddresses } from "./hub/parts.ts";
import { createPlaceholders } from "./hub/placeholders.ts";
import type { HubSecrets } from "./hub/secrets.ts";
import { hubSmokeTest } from "./hub/smoke-test.ts";
import type { Release, SmokeTestResult } from "./release.ts";

/** What a release of the `jupyterhub` chart is made of. */
export interface JupyterHubArgs extends HubArgs {
  /** The gateway beside the hub; the smoke test then is the gateway's affair. */
  readonly gateway?: GatewayBeside;
}

/** The `jupyterhub` chart: people log in and start notebooks. */
export class JupyterHub extends pulumi.ComponentResource implements Release {
  readonly endpoints: Addresses;
  readonly credentials: Readonly<Record<string, pulumi.Output<string>>>;
  readonly smokeTest?: SmokeTestResult;
  readonly kept: readonly pulumi.Output<string>[];
  /** The Helm release, for what must come after it. */
  readonly release: k8s.helm.v3.Release;
  /** The hub's secrets, for the gateway and the smoke test. */
  readonly secrets: HubSecrets;
  /** What the hub stands on, for what stands beside it. */
  readonly needs: readonly pulumi.Resource[];

  constructor(name: string, args: JupyterHubArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("dask:index:JupyterHub", name, {}, opts);
    const { settings, cluster, namespace, gateway } = args;

    const parts = createHubParts(name, args, "4.4.0", gateway, this);
    this.secrets = parts.secrets;
    this.needs = parts.dependsOn;
    this.release = chartRelease(
      name,
      {
        chart: "jupyterhub",
        values: parts.values,
        settings,
        cluster,
        namespace,
        dependsOn: parts.dependsOn,
      },
      { parent: this },
    );
    createPlaceholders(name, args, this);

    this.endpoints = hubAddresses(name, args, parts, this.release, this);
    this.credentials = parts.secrets.passwords;
    this.kept = parts.kept;
    if (args.smokeTest && gateway === undefined)
      this.smokeTest = hubSmokeTest(name, args, { release: this.release, secret: parts.secrets.name }, this);
    this.registerOutputs({ endpoints: this.endpoints, credentials: this.credentials });
  }
}
