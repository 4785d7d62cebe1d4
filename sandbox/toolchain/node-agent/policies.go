package main

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"os/exec"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
)

// chain is where all traffic that pods send or get passes first. It exists in the node's network namespace only.
const chain = "POLICY"

// policyController enforces NetworkPolicies by iptables. Answers to what was allowed always pass; a connection that
// is open when a policy comes stays open. What the kubelet sends (probes) is not looked at.
type policyController struct {
	dns        string
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   networkinglisters.NetworkPolicyLister
	// What the kernel has: the chains, and the text they were made from.
	chains  []string
	applied string
}

func (p *policyController) watch(factory informers.SharedInformerFactory) []cache.SharedIndexInformer {
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	p.pods, p.namespaces, p.policies = pods.Lister(), namespaces.Lister(), policies.Lister()
	return []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()}
}

func (p *policyController) sync(context.Context) error {
	wanted, err := p.rules()
	if err != nil {
		return err
	}
	if wanted.text(nil) != p.applied {
		text := wanted.text(p.chains)
		command := exec.Command("iptables-restore", "--wait", "--noflush")
		command.Stdin = strings.NewReader(text)
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s\n%s", err, output, text)
		}
		p.chains, p.applied = wanted.chains, wanted.text(nil)
		log.Printf("policies: %d pods isolated, %d rules", len(wanted.chains), len(wanted.lines))
	}
	return p.hook()
}

// hook puts our chain first: kube-proxy inserts its own rules at the top when it starts.
func (p *policyController) hook() error {
	for _, builtin := range []string{"FORWARD", "INPUT"} {
		first, _ := exec.Command("iptables", "--wait", "-S", builtin, "1").CombinedOutput()
		if strings.TrimSpace(string(first)) == fmt.Sprintf("-A %s -j %s", builtin, chain) {
			continue
		}
		exec.Command("iptables", "--wait", "-D", builtin, "-j", chain).Run()
		if output, err := exec.Command("iptables", "--wait", "-I", builtin, "1", "-j", chain).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, output)
		}
	}
	return nil
}

// A ruleSet is the content of our chain, and of one more for each isolated pod and direction.
type ruleSet struct {
	chains []string
	lines  []string
}

// text is the input of iptables-restore; chains of before that are not wanted any more are removed.
func (r ruleSet) text(before []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*filter\n:%s - [0:0]\n", chain)
	gone := slices.DeleteFunc(slices.Clone(before), func(name string) bool { return slices.Contains(r.chains, name) })
	for _, name := range slices.Concat(r.chains, gone) {
		fmt.Fprintf(&b, ":%s - [0:0]\n", name)
	}
	fmt.Fprintf(&b, "-A %s -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN\n", chain)
	for _, line := range r.lines {
		fmt.Fprintln(&b, line)
	}
	for _, name := range gone {
		fmt.Fprintf(&b, "-X %s\n", name)
	}
	b.WriteString("COMMIT\n")
	return b.String()
}

// A direction of traffic as policies and iptables name it.
type direction struct {
	kind       networking.PolicyType
	letter     string
	self, peer string
}

var directions = []direction{
	{networking.PolicyTypeEgress, "E", "-s", "-d"},
	{networking.PolicyTypeIngress, "I", "-d", "-s"},
}

func (p *policyController) rules() (ruleSet, error) {
	w, err := p.world()
	if err != nil {
		return ruleSet{}, err
	}
	var jumps, bodies []string
	var set ruleSet
	for _, way := range directions {
		for _, pod := range w.pods {
			var allowed []string
			isolated := false
			name := fmt.Sprintf("%s-%s-%s", chain, way.letter, strings.ReplaceAll(pod.Status.PodIP, ".", "-"))
			for _, policy := range w.policies {
				if policy.Namespace != pod.Namespace || !slices.Contains(policy.Spec.PolicyTypes, way.kind) ||
					!matches(&policy.Spec.PodSelector, pod.Labels) {
					continue
				}
				isolated = true
				for _, pass := range w.passes(policy, way, pod) {
					allowed = append(allowed, fmt.Sprintf("-A %s %s %s%s -j RETURN", name, way.peer, pass.network, pass.match))
				}
			}
			if isolated {
				set.chains = append(set.chains, name)
				jumps = append(jumps, fmt.Sprintf("-A %s %s %s -j %s", chain, way.self, pod.Status.PodIP, name))
				bodies = append(append(bodies, allowed...), fmt.Sprintf("-A %s -j DROP", name))
			}
		}
	}
	set.lines = append(jumps, bodies...)
	return set, nil
}

// world is what the API server says, in a fixed order.
type world struct {
	pods     []*core.Pod
	policies []*networking.NetworkPolicy
	// labels of the namespaces
	namespaces map[string]map[string]string
	dns        *core.Pod
}

func (p *policyController) world() (world, error) {
	w := world{namespaces: map[string]map[string]string{}, dns: &core.Pod{}}
	// The cluster DNS is a process of the node; policies speak of the pod that it is elsewhere.
	w.dns.Namespace, w.dns.Labels = "kube-system", map[string]string{"k8s-app": "kube-dns"}
	w.dns.Status.PodIP = p.dns
	pods, err := p.pods.List(labels.Everything())
	if err != nil {
		return w, err
	}
	for _, pod := range pods {
		ended := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
		if pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !ended {
			w.pods = append(w.pods, pod)
		}
	}
	slices.SortFunc(w.pods, func(a, b *core.Pod) int { return strings.Compare(a.Status.PodIP, b.Status.PodIP) })
	namespaces, err := p.namespaces.List(labels.Everything())
	if err != nil {
		return w, err
	}
	for _, namespace := range namespaces {
		w.namespaces[namespace.Name] = namespace.Labels
	}
	w.policies, err = p.policies.List(labels.Everything())
	slices.SortFunc(w.policies, func(a, b *networking.NetworkPolicy) int { return strings.Compare(key(a), key(b)) })
	return w, err
}

func key(object meta.Object) string { return object.GetNamespace() + "/" + object.GetName() }

func matches(selector *meta.LabelSelector, of map[string]string) bool {
	parsed, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(of))
}

// A pass lets traffic with a network through; match is the port in the words of iptables.
type pass struct {
	network string
	match   string
}

func (w world) passes(policy *networking.NetworkPolicy, way direction, pod *core.Pod) (all []pass) {
	add := func(peers []networking.NetworkPolicyPeer, ports []networking.NetworkPolicyPort) {
		for _, peer := range w.peers(policy.Namespace, peers) {
			// A named port is one of the pod that is spoken to.
			server := peer.pod
			if way.kind == networking.PolicyTypeIngress {
				server = pod
			}
			for _, match := range portMatches(ports, server) {
				all = append(all, pass{peer.network, match})
			}
		}
	}
	if way.kind == networking.PolicyTypeEgress {
		for _, rule := range policy.Spec.Egress {
			add(rule.To, rule.Ports)
		}
	} else {
		for _, rule := range policy.Spec.Ingress {
			add(rule.From, rule.Ports)
		}
	}
	return all
}

// A party is one end of a connection; pod is nil where it is a network.
type party struct {
	network string
	pod     *core.Pod
}

func (w world) peers(namespace string, peers []networking.NetworkPolicyPeer) (found []party) {
	if len(peers) == 0 {
		return []party{{"0.0.0.0/0", nil}}
	}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			for _, network := range networks(*peer.IPBlock) {
				found = append(found, party{network.String(), nil})
			}
			continue
		}
		for _, pod := range append(slices.Clone(w.pods), w.dns) {
			inNamespace := pod.Namespace == namespace
			if peer.NamespaceSelector != nil {
				inNamespace = matches(peer.NamespaceSelector, w.namespaces[pod.Namespace])
			}
			if inNamespace && (peer.PodSelector == nil || matches(peer.PodSelector, pod.Labels)) {
				found = append(found, party{pod.Status.PodIP, pod})
			}
		}
	}
	return found
}

// networks is an IPBlock as plain networks; IPv6 is left out, because the node has none.
func networks(block networking.IPBlock) []netip.Prefix {
	whole, err := netip.ParsePrefix(block.CIDR)
	if err != nil || !whole.Addr().Is4() {
		return nil
	}
	var except []netip.Prefix
	for _, text := range block.Except {
		if prefix, err := netip.ParsePrefix(text); err == nil && prefix.Addr().Is4() {
			except = append(except, prefix.Masked())
		}
	}
	return minus(whole.Masked(), except)
}

// minus is a network without others, as networks: it is halved until no half holds a part of what is taken away.
func minus(whole netip.Prefix, except []netip.Prefix) []netip.Prefix {
	covered := func(e netip.Prefix) bool { return e.Bits() <= whole.Bits() && e.Contains(whole.Addr()) }
	if slices.ContainsFunc(except, covered) {
		return nil
	}
	if !slices.ContainsFunc(except, whole.Overlaps) {
		return []netip.Prefix{whole}
	}
	bits := whole.Bits() + 1
	upper := whole.Addr().As4()
	upper[whole.Bits()/8] |= 0x80 >> (whole.Bits() % 8)
	return append(
		minus(netip.PrefixFrom(whole.Addr(), bits), except),
		minus(netip.PrefixFrom(netip.AddrFrom4(upper), bits), except)...,
	)
}
