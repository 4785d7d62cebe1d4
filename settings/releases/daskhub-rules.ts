import { fullName, longestReleaseName } from "../../components/dask-gateway/chart.ts";
import { gatewayRelease } from "../../components/hub/chart.ts";
import type { Problem, Report } from "../problems.ts";
import type { Settings } from "../schema.ts";
import { checkGatewayShape, checkGatewayValues } from "./dask-gateway-rules.ts";
import type { DaskhubSettings } from "./daskhub.ts";
import { checkHub, hubClaims } from "./jupyterhub-rules.ts";
import { checkName, checkOverrides } from "./release-rules.ts";

/** The rules of a release of kind `daskhub`, beyond the schema. */
export function checkDaskhub(
  name: string,
  release: DaskhubSettings,
  settings: Settings,
  report: Report,
): Problem[] {
  const path = ["releases", name];
  return [
    ...checkHub(name, release, settings, report),
    ...checkGatewayShape(path, release, report),
    ...checkGatewayValues([...path, "gatewayValues"], release.gatewayValues, report),
    ...checkImages(path, release, report),
    ...checkGatewayName(name, release, report),
    ...(release.distribution === "umbrella" ? checkUmbrella(path, release, report) : []),
  ];
}

/** Names that a release makes in its namespace, which no other release may make there. */
export function daskhubClaims(name: string, { distribution }: DaskhubSettings): string[] {
  return [...hubClaims(), `the objects named *-${fullName(gatewayRelease(name, distribution))}`];
}

/** Workers run the notebook's image: what users may choose for a notebook they must be able to choose for workers. */
function checkImages(path: readonly string[], release: DaskhubSettings, report: Report): Problem[] {
  const { options, profiles, image } = release;
  if (options.image === "free") return [];
  const allowed = options.image === "fixed" ? [image] : [image, ...options.image];
  const remedy =
    options.image === "fixed" ? "set options.image to free or a list of images" : "add it to options.image";
  return profiles.flatMap((each, index) =>
    [...(each.image === undefined ? [] : [each.image]), ...Object.values(each.images ?? {})]
      .filter((wanted) => !allowed.includes(wanted))
      .map((wanted) =>
        report(
          [...path, "profiles", index],
          `has notebooks with ${wanted}, which workers could not have: versions would differ; ${remedy}`,
        ),
      ),
  );
}

function checkGatewayName(name: string, { distribution }: DaskhubSettings, report: Report): Problem[] {
  const release = gatewayRelease(name, distribution);
  return checkName(name, longestReleaseName(release) - (release.length - name.length), report);
}

function checkUmbrella(path: readonly string[], release: DaskhubSettings, report: Report): Problem[] {
  const found = ["jupyterhub", "dask-gateway"].flatMap((chart) =>
    checkOverrides([...path, "values", chart], nested(release.values, chart), report),
  );
  if (Object.keys(release.gatewayChart).length > 0)
    found.push(
      report(
        [...path, "gatewayChart"],
        "has no meaning with distribution: umbrella, which is one chart; use chart",
      ),
    );
  if (Object.keys(release.gatewayValues).length > 0)
    found.push(
      report(
        [...path, "gatewayValues"],
        "has no meaning with distribution: umbrella; use values.dask-gateway",
      ),
    );
  if (release.auth.kind === "password" && release.auth.admins.length > 0)
    found.push(
      report(
        [...path, "auth", "admins"],
        "would share the password of all users in the umbrella's JupyterHub 4; remove admins, or use another kind or distribution: charts",
      ),
    );
  return found;
}

function nested(values: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  const value = values[key];
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
