// Command pulumi-resource-openstack serves a part of the Terraform OpenStack provider over Pulumi's protocol: what a
// cluster of Magnum is made of, under the tokens that @pulumi/openstack knows.
package main

import (
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/v3/openstack"
)

// version is set by the linker.
var version = "0.0.0"

// Schema and bridge metadata serve code generation and documentation, not deployments.
var empty = []byte("{}")

// token is `openstack:<module>/<name>:<Name>`, the first name with a small letter.
func token(module, name string) string {
	return "openstack:" + module + "/" + strings.ToLower(name[:1]) + name[1:] + ":" + name
}

func resource(module, name string) *tfbridge.ResourceInfo {
	return &tfbridge.ResourceInfo{Tok: tokens.Type(token(module, name))}
}

func function(module, name string) *tfbridge.DataSourceInfo {
	return &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(token(module, name))}
}

func provider() tfbridge.ProviderInfo {
	return tfbridge.ProviderInfo{
		P: shimv2.NewProvider(openstack.Provider()), Name: "openstack", Version: version,
		MetadataInfo: tfbridge.NewProviderMetadata(empty),
		Resources: map[string]*tfbridge.ResourceInfo{
			"openstack_compute_keypair_v2":                resource("compute", "Keypair"),
			"openstack_containerinfra_cluster_v1":         resource("containerinfra", "Cluster"),
			"openstack_containerinfra_clustertemplate_v1": resource("containerinfra", "ClusterTemplate"),
			"openstack_containerinfra_nodegroup_v1":       resource("containerinfra", "NodeGroup"),
			"openstack_dns_recordset_v2":                  resource("dns", "RecordSet"),
			"openstack_networking_floatingip_v2":          resource("networking", "FloatingIp"),
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"openstack_compute_flavor_v2":                 function("compute", "getFlavor"),
			"openstack_compute_keypair_v2":                function("compute", "getKeypair"),
			"openstack_containerinfra_cluster_v1":         function("containerinfra", "getCluster"),
			"openstack_containerinfra_clustertemplate_v1": function("containerinfra", "getClusterTemplate"),
			"openstack_containerinfra_nodegroup_v1":       function("containerinfra", "getNodeGroup"),
			"openstack_dns_zone_v2":                       function("dns", "getDnsZone"),
			"openstack_images_image_v2":                   function("images", "getImage"),
			"openstack_networking_network_v2":             function("networking", "getNetwork"),
			"openstack_networking_port_ids_v2":            function("networking", "getPortIds"),
			"openstack_networking_subnet_v2":              function("networking", "getSubnet"),
		},
	}
}

func main() { tfbridge.Main("openstack", version, provider(), empty) }
