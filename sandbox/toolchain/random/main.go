// Command pulumi-resource-random serves the Terraform random provider over Pulumi's protocol.
package main

import (
	"context"
	_ "embed"
	"errors"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/terraform-providers/terraform-provider-random/shim"
)

// version is set by the linker.
var version = "0.0.0"

//go:embed schema.json
var schema []byte

//go:embed metadata.json
var metadata []byte

func provider() tfbridge.ProviderInfo {
	p := tfbridge.ProviderInfo{
		P: pf.ShimProvider(shim.Provider()), Name: "random", Version: version,
		MetadataInfo: tfbridge.NewProviderMetadata(metadata),
		Resources: map[string]*tfbridge.ResourceInfo{
			// The Terraform resource has no id of its own, and its value is secret and so no id either.
			"random_bytes": {ComputeID: func(_ context.Context, state resource.PropertyMap) (resource.ID, error) {
				if _, ok := state["base64"]; !ok {
					return "", errors.New("random_bytes without base64")
				}
				return "random-bytes", nil
			}},
		},
	}
	p.MustComputeTokens(tokens.SingleModule("random_", "index", func(m, n string) (string, error) {
		return tokens.MakeStandard("random")(m, "Random"+n)
	}))
	return p
}

func main() {
	pf.Main(context.Background(), "random", provider(), pf.ProviderMetadata{PackageSchema: schema, BridgeMetadata: metadata})
}
