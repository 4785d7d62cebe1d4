import type * as pulumi from "@pulumi/pulumi";
import { cloudName } from "../cloud/naming.ts";
import * as gcp from "./gcp.ts";
import type { GkeContext } from "./network.ts";

/** The account that nodes run as. */
export interface NodeAccount {
  readonly email: pulumi.Output<string>;
  readonly resources: readonly pulumi.Resource[];
}

/** All that a node needs: to write logs and metrics, and to pull images from the project's registry. */
const NODE_ROLES = {
  "node-role": "roles/container.defaultNodeServiceAccount",
  "registry-role": "roles/artifactregistry.reader",
};

/** Makes the account of the nodes, with the least it needs in place of the project's default account, an editor. */
export function createNodeAccount({ name, project, description, parent, apis }: GkeContext): NodeAccount {
  const account = new gcp.Account(
    "nodes",
    {
      project,
      // 6 to 30 characters.
      accountId: cloudName({ max: 30 }, name, "nodes"),
      displayName: `Nodes of ${name}`,
      description,
    },
    { parent, dependsOn: [...apis] },
  );
  const members = Object.entries(NODE_ROLES).map(
    ([role, id]) => new gcp.IAMMember(role, { project, role: id, member: account.member }, { parent }),
  );
  return { email: account.email, resources: [account, ...members] };
}
