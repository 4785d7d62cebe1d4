import { type Api, type Login, logIn, type Service } from "./api.ts";
import { REGION, TRUSTEES } from "./configuration.ts";
import { type Place, urlOf } from "./place.ts";

/** Who set the cloud up. */
export const ADMINISTRATOR: Login = { user: "admin", project: "admin" };

/** Who uses it: a plain member of one project. */
export const MEMBER: Login = { user: "member", project: "dask" };

/** What is there for clusters to be made of. */
export const IMAGES = { image: "ubuntu-kube", bare: "no-distribution" } as const;
export const FLAVOURS = ["m1.small", "m1.large", "m1.xlarge"] as const;
export const EXTERNAL_NETWORK = "public";
export const TEMPLATE = "kubernetes-1.34";

/** The catalogue: how each service is found, and the user it logs in as. */
const CATALOGUE = {
  glance: { type: "image", path: "", listener: "glance" },
  nova: { type: "compute", path: "/v2.1", listener: "nova" },
  neutron: { type: "network", path: "", listener: "neutron" },
  magnum: { type: "container-infra", path: "/v1", listener: "magnum-api" },
} as const;

/** Users, projects and the catalogue; Keystone alone must answer. */
export async function seedIdentity(place: Place): Promise<void> {
  const api = await logIn(place, ADMINISTRATOR);
  const keystone = maker(api, "keystone");
  const { password } = place;
  const project = await keystone("projects", "project", { name: "service", domain_id: "default" });
  for (const [name, { type, path, listener }] of Object.entries(CATALOGUE)) {
    const user = await keystone("users", "user", { name, password, domain_id: "default" });
    await grant(api, "admin", `projects/${project}`, user);
    const service_id = await keystone("services", "service", { name, type });
    const url = `${urlOf(place, listener)}${path}`;
    for (const kind of ["public", "internal", "admin"])
      await keystone("endpoints", "endpoint", { service_id, url, interface: kind, region_id: REGION });
  }
  const domain = await keystone("domains", "domain", { name: TRUSTEES.domain });
  const trustees = { name: TRUSTEES.administrator, password, domain_id: domain };
  await grant(api, "admin", `domains/${domain}`, await keystone("users", "user", trustees));

  const own = await keystone("projects", "project", { name: MEMBER.project, domain_id: "default" });
  const member = { name: MEMBER.user, password, domain_id: "default" };
  await grant(api, "member", `projects/${own}`, await keystone("users", "user", member));
}

/** Images, flavours, a network with floating IPs and a template; all services must answer. */
export async function seedResources(place: Place): Promise<void> {
  const api = await logIn(place, ADMINISTRATOR);
  await seedImage(api, { name: IMAGES.image, os_distro: "ubuntu", kube_version: "v1.34.4" });
  await seedImage(api, { name: IMAGES.bare });
  for (const [index, name] of FLAVOURS.entries()) {
    const flavor = { name, ram: 4096 * (index + 1), vcpus: 2 * (index + 1), disk: 10 };
    await maker(api, "nova")("flavors", "flavor", flavor);
  }
  await seedNetwork(api);
  await api.call("magnum-api", "POST", "clustertemplates", {
    ...{ name: TEMPLATE, coe: "kubernetes", server_type: "vm", public: true },
    ...{ image_id: IMAGES.image, external_network_id: EXTERNAL_NETWORK, network_driver: "calico" },
    ...{ master_flavor_id: FLAVOURS[0], master_lb_enabled: true, floating_ip_enabled: false },
  });
}

async function seedImage(api: Api, properties: Record<string, string>) {
  const image = { disk_format: "raw", container_format: "bare", visibility: "public", ...properties };
  const { id } = await api.call("glance", "POST", "images", image);
  await api.call("glance", "PUT", `images/${id}/file`, new Uint8Array(1024));
}

/** Addresses of 203.0.113.0/24, which is reserved for documentation. */
async function seedNetwork(api: Api): Promise<void> {
  const neutron = maker(api, "neutron");
  const network_id = await neutron("networks", "network", {
    name: EXTERNAL_NETWORK,
    "router:external": true,
    "provider:network_type": "flat",
    "provider:physical_network": "outside",
  });
  await neutron("subnets", "subnet", {
    ...{ network_id, name: EXTERNAL_NETWORK, ip_version: 4, cidr: "203.0.113.0/24" },
    enable_dhcp: false,
  });
}

async function grant(api: Api, role: string, on: string, user: string): Promise<void> {
  const found = (await api.list("keystone", "roles")).find(({ name }) => name === role);
  await api.call("keystone", "PUT", `${on}/users/${user}/roles/${found?.id}`);
}

/** Makes a thing of a service and answers its id; services wrap what they take and give in its kind. */
function maker(api: Api, service: Service) {
  return async (path: string, kind: string, content: object): Promise<string> => {
    const answer = await api.call(service, "POST", path, { [kind]: content });
    return (answer[kind] as { id: string }).id;
  };
}
