import type * as pulumi from "@pulumi/pulumi";
import * as aws from "./aws.ts";
import type { EksContext } from "./context.ts";

/** An IAM role with all that it may do. */
export interface Identity {
  readonly arn: pulumi.Output<string>;
  /** The role and its policies: whoever acts by the role must be gone before any of them goes. */
  readonly resources: readonly pulumi.Resource[];
}

/** Who takes a role: a service of Amazon, or pods by EKS Pod Identity. */
export type Principal = "eks" | "ec2" | "pods";

/** What an IAM role is made of. */
export interface IdentityArgs {
  readonly principal: Principal;
  /** Policies of Amazon's own, by the path in their ARN: `AmazonEKSClusterPolicy`. */
  readonly managed?: readonly string[];
  /** Statements of a policy of ours. */
  readonly statements?: readonly Statement[];
}

/** A statement of an IAM policy. */
export interface Statement {
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Makes the IAM role of a part of the cluster; Pulumi ends its name, because IAM has one name space for all regions. */
export function identity(
  label: string,
  args: IdentityArgs,
  { settings, name, parent }: EksContext,
): Identity {
  const { region } = settings;
  const role = new aws.Role(
    `${name}-${label}`,
    { assumeRolePolicy: trustPolicy(args.principal, region) },
    { parent },
  );
  const attachments = (args.managed ?? []).map(
    (policy) =>
      new aws.RolePolicyAttachment(
        `${label}-${policy.replace(/^.*\//, "")}`,
        { role: role.name, policyArn: `arn:${partitionOf(region)}:iam::aws:policy/${policy}` },
        { parent },
      ),
  );
  const own = args.statements && [
    new aws.RolePolicy(label, { role: role.name, policy: policyDocument(args.statements) }, { parent }),
  ];
  return { arn: role.arn, resources: [role, ...attachments, ...(own ?? [])] };
}

/** The partition of a region, the second part of every ARN there. */
export function partitionOf(region: string): "aws" | "aws-cn" | "aws-us-gov" {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

const SERVICES: Readonly<Record<Principal, string>> = {
  eks: "eks.amazonaws.com",
  ec2: "ec2.amazonaws.com",
  pods: "pods.eks.amazonaws.com",
};

function trustPolicy(principal: Principal, region: string): string {
  // In China the service of virtual machines alone has a name of its own.
  const suffix = principal === "ec2" && partitionOf(region) === "aws-cn" ? ".cn" : "";
  const actions = ["sts:AssumeRole", ...(principal === "pods" ? ["sts:TagSession"] : [])];
  return policyDocument([
    { Effect: "Allow", Action: actions, Principal: { Service: SERVICES[principal] + suffix } },
  ]);
}

function policyDocument(statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
