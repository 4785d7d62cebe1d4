import type * as pulumi from "@pulumi/pulumi";
import type { AddonName } from "../../settings/clusters/eks.ts";
import type { Tags } from "../cloud/tags.ts";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";
import { identity } from "./iam.ts";

/** Add-ons that nodes need to become ready: network with NetworkPolicies, Services, identities of pods. */
export function addonsBeforeNodes(context: EksContext, controlPlane: ControlPlane): pulumi.Resource[] {
  const place = { context, controlPlane, dependsOn: controlPlane.resources };
  return [
    addon("vpc-cni", place, { configurationValues: JSON.stringify(cniValues(context.tags)) }),
    addon("kube-proxy", place),
    addon("eks-pod-identity-agent", place),
  ];
}

/** Values of `vpc-cni`, which makes the further network interfaces of nodes itself; its schema wants texts throughout. */
function cniValues(tags: Tags) {
  return { enableNetworkPolicy: "true", env: { ADDITIONAL_ENI_TAGS: JSON.stringify(tags) } };
}

/** Add-ons that are ready only on nodes: before them they would stay degraded until the wait ends in an error. */
export function addonsOnNodes(
  context: EksContext,
  controlPlane: ControlPlane,
  nodes: readonly pulumi.Resource[],
): pulumi.Resource[] {
  const volumes = identity(
    "ebs-csi",
    { principal: "pods", managed: ["service-role/AmazonEBSCSIDriverPolicy"] },
    context,
  );
  const place = { context, controlPlane, dependsOn: nodes };
  return [
    addon("coredns", place),
    ...volumes.resources,
    addon(
      "aws-ebs-csi-driver",
      { ...place, dependsOn: [...nodes, ...volumes.resources] },
      {
        podIdentityAssociations: [{ roleArn: volumes.arn, serviceAccount: "ebs-csi-controller-sa" }],
        configurationValues: JSON.stringify({ controller: { extraVolumeTags: context.tags } }),
      },
    ),
  ];
}

interface Place {
  readonly context: EksContext;
  readonly controlPlane: ControlPlane;
  readonly dependsOn: readonly pulumi.Resource[];
}

function addon(
  addonName: AddonName,
  { context: { settings, parent }, controlPlane, dependsOn }: Place,
  more: Partial<aws.AddonArgs> = {},
): aws.Addon {
  const addonVersion = settings.addons[addonName];
  return new aws.Addon(
    addonName,
    {
      addonName,
      clusterName: controlPlane.name,
      resolveConflictsOnCreate: "OVERWRITE",
      resolveConflictsOnUpdate: "OVERWRITE",
      ...(addonVersion === undefined ? {} : { addonVersion }),
      ...more,
    },
    { parent, dependsOn: [...dependsOn] },
  );
}
