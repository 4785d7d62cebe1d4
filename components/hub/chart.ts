/**
 * Names that the `jupyterhub` chart gives its objects (`templates/_helpers-names.tpl` and the Services there), the same
 * in 3.2.1 (in `daskhub` 2024.1.1) and 4.4.0: without `fullnameOverride` no name carries the release's.
 *
 * Pure facts without Pulumi: the checks of the settings read them too.
 */

import { DRAIN_SUFFIX } from "../dask-gateway/chart.ts";

/** Services of a hub; the names are fixed, hence one hub in a namespace. */
export const SERVICES = {
  hub: "hub",
  /** What people connect to: ports 80 and, with HTTPS, 443. */
  proxy: "proxy-public",
  /** The proxy's HTTP port; there only with Let's Encrypt, when another pod stands behind `proxy-public`. */
  proxyHttp: "proxy-http",
} as const;

/** The Lease of the chart's own scheduler, in the hub's namespace; it carries no labels. */
export const USER_SCHEDULER_LEASE = "user-scheduler-lock";

/** The Secret in which the proxy keeps its certificate of Let's Encrypt. */
export const ACME_SECRET = "proxy-public-tls-acme";

/** PersistentVolumeClaim with the file of a hub that has no other database. */
export const DATABASE_CLAIM = "hub-db-dir";

/** Ports of the Services. */
export const PORTS = { hub: 8081, http: 80, https: 443, proxyHttp: 8000 } as const;

/** Keys of `hub.existingSecret` that the hub reads before those of the chart's own Secret (`files/hub/z2jh.py`). */
export const SECRET_KEYS = {
  cookieSecret: "hub.config.JupyterHub.cookie_secret",
  /** Keys that encrypt what the hub keeps of logins, joined by `;`. */
  cryptKeys: "hub.config.CryptKeeper.keys",
} as const;

/** Key of `hub.existingSecret` with the token of one of the hub's services. */
export function serviceTokenKey(service: string): string {
  return `hub.services.${service}.apiToken`;
}

/** The ClusterRole of the scheduler that a hub's release makes for its users' pods: cluster-wide, so no two hubs may share it. */
export function userSchedulerRole(release: string): string {
  return `${release}-user-scheduler`;
}

/** What tells one version of the chart and its hub from another. */
export interface HubChartFacts {
  /** Whether the hub has `shared-password` (JupyterHub 5.3); before that one password served admins too. */
  readonly sharedPassword: boolean;
  /** What OAuthenticator calls the claim with the groups, and the prefix of the claim's name. */
  readonly groups: { readonly trait: string; readonly prefix: string };
}

/** The versions of the chart that values can be written for: the pinned one, and the one in `daskhub` 2024.1.1. */
export const HUB_CHARTS = {
  "4.4.0": { sharedPassword: true, groups: { trait: "auth_state_groups_key", prefix: "oauth_user." } },
  "3.2.1": { sharedPassword: false, groups: { trait: "claim_groups_key", prefix: "" } },
} as const satisfies Record<string, HubChartFacts>;

/** Most characters a release name may have: the Job of its smoke test keeps to 63, the Helm release that ends its users' work to Helm's 53. */
export const LONGEST_RELEASE_NAME = Math.min(63 - "-smoke-test".length, 53 - DRAIN_SUFFIX.length);

/** Path at which the hub takes people back from an OAuth provider. */
export const CALLBACK_PATH = "/hub/oauth_callback";

/** The Helm release that a hub's gateway is named after: one of its own, or the umbrella's. */
export function gatewayRelease(hub: string, distribution: "charts" | "umbrella"): string {
  return distribution === "charts" ? `${hub}-dask-gateway` : hub;
}
