{{- define "fullname" -}}
{{- if contains "dask" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-dask{{ end -}}
{{- end -}}

{{- /* Labels of one part: (list root component) */ -}}
{{- define "labels" -}}
app: dask
release: {{ (index . 0).Release.Name | quote }}
component: {{ index . 1 }}
{{- end -}}

{{- /* What all pods take from their part of the values: (list root part) */ -}}
{{- define "podSpec" -}}
{{- $part := index . 1 -}}
{{- with $part.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $part.securityContext }}
securityContext: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $part.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with $part.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $part.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "container" -}}
{{- $part := index . 1 -}}
image: "{{ required "an image needs a repository" $part.image.repository }}:{{ required "an image needs a tag" $part.image.tag }}"
imagePullPolicy: IfNotPresent
{{- with $part.resources }}
resources: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $part.readinessProbe }}
readinessProbe: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
