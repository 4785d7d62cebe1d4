{{- define "gateway.fullname" -}}
{{- if contains "dask-gateway" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-dask-gateway{{ end -}}
{{- end -}}

{{- define "gateway.labels" -}}
app.kubernetes.io/name: dask-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
gateway.dask.org/instance: {{ include "gateway.fullname" . }}
{{- end -}}

{{/* A Deployment: arguments are the root, the component, the prefix of its name and its values. */}}
{{- define "gateway.deployment" -}}
{{- $root := .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .prefix }}-{{ include "gateway.fullname" $root }}
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
      {{- with .checksum }}
      annotations:
        checksum/configmap: {{ . }}
      {{- end }}
    spec:
      serviceAccountName: {{ .prefix }}-{{ include "gateway.fullname" $root }}
      nodeSelector: {{ toJson .values.nodeSelector }}
      tolerations: {{ toJson .values.tolerations }}
      containers:
        - name: {{ .component }}
          image: registry.k8s.io/pause:3.10
          env: {{ toJson (.env | default list) }}
          resources: {{ toJson .values.resources }}
{{- end -}}

{{- define "gateway.selector" -}}
{{- dict "app.kubernetes.io/name" "dask-gateway" "app.kubernetes.io/instance" .root.Release.Name "app.kubernetes.io/component" .component | toJson -}}
{{- end -}}
