package main

import (
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// portMatches is a policy's ports in the words of iptables: one empty match for all ports, and none where only named
// ports are allowed that the server does not have.
func portMatches(ports []networking.NetworkPolicyPort, server *core.Pod) (found []string) {
	if len(ports) == 0 {
		return []string{""}
	}
	for _, port := range ports {
		protocol := core.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		match := " -p " + strings.ToLower(string(protocol))
		if port.Port == nil {
			found = append(found, match)
			continue
		}
		number := port.Port.IntVal
		if port.Port.Type == intstr.String {
			number = portNamed(server, port.Port.StrVal, protocol)
		}
		switch {
		case number == 0:
		case port.EndPort != nil:
			found = append(found, fmt.Sprintf("%s --dport %d:%d", match, number, *port.EndPort))
		default:
			found = append(found, fmt.Sprintf("%s --dport %d", match, number))
		}
	}
	return found
}

// portNamed is the number of a pod's port, or 0.
func portNamed(pod *core.Pod, name string, protocol core.Protocol) int32 {
	if pod == nil {
		return 0
	}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == name && (port.Protocol == protocol || port.Protocol == "") {
				return port.ContainerPort
			}
		}
	}
	return 0
}
