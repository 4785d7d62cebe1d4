import * as openstack from "@pulumi/openstack";
import type { MagnumSettings } from "../../settings/clusters/magnum.ts";
import { either, type Wish, wish } from "./wishes.ts";

/** The network that is given to a new cluster, and its subnet: other networks may have one of the same name. */
export function networkWishes({ existing }: MagnumSettings["network"]): Wish[] {
  if (existing === undefined) return [];
  const { name, subnet } = existing;
  const { getNetwork, getSubnet } = openstack.networking;
  const finding = either(getNetwork({ name }), () => getNetwork({ networkId: name }));
  const at = (key: string) => ["network", "existing", key];
  return [
    ...wish(at("name"), name, {
      find: () => finding.then(() => undefined),
      missing: "is no network that this project sees; choose one of: openstack network list",
    }),
    ...wish(at("subnet"), subnet, {
      find: (wanted) =>
        finding.then(
          async ({ id: networkId }) => {
            const byName = getSubnet({ name: wanted, networkId });
            await either(byName, () => getSubnet({ subnetId: wanted, networkId }));
            return undefined;
          },
          // Of the network all is said already.
          () => undefined,
        ),
      missing: `is no subnet of the network ${name}; choose one of: openstack subnet list --network ${name}`,
    }),
  ];
}
