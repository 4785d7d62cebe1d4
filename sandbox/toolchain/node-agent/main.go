// Command node-agent is what a cloud and a network plugin give to a node, for the one node of a sandbox:
// volumes for claims, addresses for load balancers, enforcement of NetworkPolicies; and three small helpers.
//
//	node-agent run          the three controllers, inside the node's network namespace
//	node-agent forward      passes TCP connections from the node's network on to the API server's loopback port
//	node-agent registry     serves container images from folders
//	node-agent certificate  makes the client certificate by which the kubelet knows the API server
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: node-agent run|forward|registry|certificate [flags]")
		os.Exit(2)
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	var work func() error
	switch os.Args[1] {
	case "run":
		work = runCommand(flags)
	case "forward":
		listen := flags.String("listen", "", "address and port to accept connections on")
		to := flags.String("to", "", "address and port to pass them on to")
		work = func() error { return forward(*listen, *to) }
	case "registry":
		listen := flags.String("listen", "", "address and port to accept connections on")
		references := flags.String("references", "", "folder with <registry>/<repository>/<tag>, each a manifest's digest")
		blobs := flags.String("blobs", "", "folder with manifests, configurations and layers by their SHA-256")
		work = func() error { return registry(*listen, *references, *blobs) }
	case "certificate":
		folder := flags.String("folder", "", "where api-client.crt and api-client.key are written")
		work = func() error { return writeCertificate(*folder) }
	default:
		fmt.Fprintf(os.Stderr, "node-agent: unknown command %q\n", os.Args[1])
		os.Exit(2)
	}
	flags.Parse(os.Args[2:])
	if err := work(); err != nil {
		log.Fatal(err)
	}
}

func runCommand(flags *flag.FlagSet) func() error {
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of an administrator")
	node := flags.String("node", "", "name of the node")
	volumes := flags.String("volumes", "", "folder in which volumes are made")
	addresses := flags.String("addresses", "", "network of load balancer addresses, CIDR")
	dns := flags.String("dns", "", "address of the cluster DNS, which is no pod here")
	return func() error {
		pool, err := netip.ParsePrefix(*addresses)
		if err != nil {
			return err
		}
		config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
		if err != nil {
			return err
		}
		config.QPS, config.Burst = 100, 200
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		return control(ctx, client,
			&volumeController{client: client, node: *node, folder: *volumes},
			&addressController{client: client, pool: pool},
			&policyController{dns: *dns},
		)
	}
}

// A controller compares what is wanted with what is there, and acts; it is called whenever anything has changed.
type controller interface {
	watch(informers.SharedInformerFactory) []cache.SharedIndexInformer
	sync(context.Context) error
}

// retryEvery is how long a failed or missed step waits for its next try.
const retryEvery = 5 * time.Second

func control(ctx context.Context, client kubernetes.Interface, controllers ...controller) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	for _, each := range controllers {
		changed := make(chan struct{}, 1)
		poke := func(any) {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
		handler := cache.ResourceEventHandlerFuncs{
			AddFunc:    poke,
			UpdateFunc: func(_, new any) { poke(new) },
			DeleteFunc: poke,
		}
		var synced []cache.InformerSynced
		for _, informer := range each.watch(factory) {
			registration, err := informer.AddEventHandler(handler)
			if err != nil {
				return err
			}
			synced = append(synced, registration.HasSynced)
		}
		go loop(ctx, each, changed, synced)
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	return nil
}

func loop(ctx context.Context, each controller, changed <-chan struct{}, synced []cache.InformerSynced) {
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return
	}
	for {
		if err := each.sync(ctx); err != nil {
			log.Printf("%T: %v", each, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(retryEvery):
		}
	}
}
