{{- /*
Rules of NetworkPolicies. Narrower than the genuine ones: those let hub and proxy reach every private address, which some
network plugins do not take for pods. So whatever the project needs there must stand in its own rules.
*/ -}}

{{- /* Names, whoever answers for them. */ -}}
{{- define "jupyterhub.toNames" -}}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end -}}

{{- /* All that is outside of private networks. */ -}}
{{- define "jupyterhub.toInternet" -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.169.254/32]
{{- end -}}

{{- /* The pods of one part: (list root component port) */ -}}
{{- define "jupyterhub.toPart" -}}
- to:
    - podSelector:
        matchLabels: {{ include "jupyterhub.labels" (list (index . 0) (index . 1)) | nindent 10 }}
  ports: [{ port: {{ index . 2 }} }]
{{- end -}}

{{- /* Pods of the namespace that carry a label: (list label port) */ -}}
{{- define "jupyterhub.fromPods" -}}
- from: [{ podSelector: { matchLabels: { hub.jupyter.org/{{ index . 0 }}: "true" } } }]
  ports: [{ port: {{ index . 1 }} }]
{{- end -}}
