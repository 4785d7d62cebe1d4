// Command pulumi-resource-kubernetes is the Kubernetes provider without its schema and its Terraform mapping:
// those serve code generation and conversion, not deployments.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() { provider.Serve("kubernetes", version.Version, []byte("{}"), []byte("{}")) }
