{{- define "gateway.fullname" -}}
{{- if contains "dask-gateway" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-dask-gateway{{ end -}}
{{- end -}}

{{- define "gateway.labels" -}}
app.kubernetes.io/name: dask-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
gateway.dask.org/instance: {{ include "gateway.fullname" . }}
{{- end -}}

{{/* A Deployment: arguments are the root, the component, the prefix of its name, its values and what else its container has. */}}
{{- define "gateway.deployment" -}}
{{- $root := .root -}}
{{- $name := printf "%s-%s" .prefix (include "gateway.fullname" $root) -}}
{{- $image := printf "%s:%s" .values.image.name .values.image.tag -}}
{{- $container := merge (dict "name" .component "image" $image "resources" .values.resources) .container -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {{- include "gateway.labels" $root | nindent 4 }}
spec:
  replicas: {{ .values.replicas | default 1 }}
  selector:
    matchLabels: {{ include "gateway.selector" . }}
  template:
    metadata:
      labels:
        {{- include "gateway.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
        {{- if eq .component "gateway" }}
        hub.jupyter.org/network-access-hub: "true"
        {{- end }}
      {{- with .checksum }}
      annotations:
        checksum/configmap: {{ . }}
      {{- end }}
    spec:
      serviceAccountName: {{ $name }}
      nodeSelector: {{ toJson .values.nodeSelector }}
      tolerations: {{ toJson .values.tolerations }}
      containers: {{ list $container | toJson }}
      {{- if .container.volumeMounts }}
      volumes: [{ name: config, configMap: { name: {{ $name }} } }]
      {{- end }}
{{- end -}}

{{/* What the containers of dask-gateway-server have in common: arguments are its subcommand, where it has one. */}}
{{- define "gateway.server" -}}
args: {{ concat (list "dask-gateway-server") . (list "--config" "/etc/dask-gateway/dask_gateway_config.py") | toJson }}
volumeMounts: [{ name: config, mountPath: /etc/dask-gateway }]
{{- end -}}

{{- define "gateway.selector" -}}
{{- dict "app.kubernetes.io/name" "dask-gateway" "app.kubernetes.io/instance" .root.Release.Name "app.kubernetes.io/component" .component | toJson -}}
{{- end -}}
