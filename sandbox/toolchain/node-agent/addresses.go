package main

import (
	"context"
	"errors"
	"log"
	"net/netip"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// addressController gives Services of type LoadBalancer an address of the pool; kube-proxy then serves it.
type addressController struct {
	client kubernetes.Interface
	pool   netip.Prefix
}

func (a *addressController) watch(factory informers.SharedInformerFactory) []cache.SharedIndexInformer {
	return []cache.SharedIndexInformer{factory.Core().V1().Services().Informer()}
}

func (a *addressController) sync(ctx context.Context) error {
	// Not from the cache: it does not know yet what was assigned a moment ago, and would give it away twice.
	list, err := a.client.CoreV1().Services("").List(ctx, meta.ListOptions{})
	if err != nil {
		return err
	}
	var services []*core.Service
	for index := range list.Items {
		services = append(services, &list.Items[index])
	}
	used := map[netip.Addr]bool{}
	for _, service := range services {
		if address, ok := addressOf(service); ok && balanced(service) {
			used[address] = true
		}
	}
	var failures []error
	for _, service := range services {
		address, has := addressOf(service)
		switch {
		case !balanced(service) && has:
			failures = append(failures, a.assign(ctx, service, nil))
		case balanced(service) && !a.keeps(service, address, has):
			if wanted, ok := a.choose(service, used); ok {
				used[wanted] = true
				failures = append(failures, a.assign(ctx, service, []core.LoadBalancerIngress{{IP: wanted.String()}}))
			}
		}
	}
	return errors.Join(failures...)
}

// balanced tells whether a Service wants a load balancer of ours.
func balanced(service *core.Service) bool {
	return service.Spec.Type == core.ServiceTypeLoadBalancer && service.Spec.LoadBalancerClass == nil &&
		service.DeletionTimestamp == nil
}

func addressOf(service *core.Service) (netip.Addr, bool) {
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		if address, err := netip.ParseAddr(ingress.IP); err == nil {
			return address, true
		}
	}
	return netip.Addr{}, false
}

func (a *addressController) keeps(service *core.Service, address netip.Addr, has bool) bool {
	wanted := service.Spec.LoadBalancerIP
	return has && (wanted == "" || wanted == address.String() || !a.owns(wanted))
}

func (a *addressController) owns(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && a.pool.Contains(address)
}

// choose is the address that the Service asks for, else the first free one. An address that is not ours or that
// another Service has is refused as a cloud does it: the Service stays without one.
func (a *addressController) choose(service *core.Service, used map[netip.Addr]bool) (netip.Addr, bool) {
	if text := service.Spec.LoadBalancerIP; text != "" {
		address, err := netip.ParseAddr(text)
		if err != nil || !a.pool.Contains(address) || used[address] {
			log.Printf("address %s for %s/%s: not in %s or taken", text, service.Namespace, service.Name, a.pool)
			return netip.Addr{}, false
		}
		return address, true
	}
	// The first is the network's own, and no cloud gives the second one.
	for address := a.pool.Addr().Next().Next(); a.pool.Contains(address); address = address.Next() {
		if !used[address] {
			return address, true
		}
	}
	return netip.Addr{}, false
}

func (a *addressController) assign(ctx context.Context, service *core.Service, ingress []core.LoadBalancerIngress) error {
	changed := service.DeepCopy()
	changed.Status.LoadBalancer.Ingress = ingress
	_, err := a.client.CoreV1().Services(service.Namespace).UpdateStatus(ctx, changed, meta.UpdateOptions{})
	log.Printf("address %v for %s/%s: %v", ingress, service.Namespace, service.Name, err)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
