import type { Tool } from "../tools.ts";

/** Programs of test images that are built from Go modules. */
export const imageTools = {
  traefik: {
    name: "traefik",
    module: "traefik",
    source: "github.com/traefik/traefik/v3",
    package: "./cmd/traefik",
    stamps: { "github.com/traefik/traefik/v3/pkg/version.Version": "3.3.5" },
    patches: [
      {
        module: "github.com/go-acme/lego/v4",
        path: "providers/dns/zz_gen_dns_providers.go",
        by: "dns_providers.go.txt",
      },
    ],
    cpuMinutes: 7,
  },
  cloudnativePg: {
    name: "manager",
    module: "cloudnative-pg",
    package: "github.com/cloudnative-pg/cloudnative-pg/cmd/manager",
    stamps: {},
    cpuMinutes: 3,
  },
} as const satisfies Record<string, Tool>;
