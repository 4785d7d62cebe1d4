{{- /* Labels of one part: (list root component) */ -}}
{{- define "jupyterhub.labels" -}}
app: jupyterhub
release: {{ (index . 0).Release.Name | quote }}
component: {{ index . 1 }}
app.kubernetes.io/name: jupyterhub
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- /* What the pods of one part take from their values: (list root part) */ -}}
{{- define "jupyterhub.place" -}}
{{- $part := index . 1 -}}
{{- with (index . 0).Values.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - { name: {{ . }} }
{{- end }}
{{- end }}
{{- with $part.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $part.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $part.extraPodSpec }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "jupyterhub.autohttps" -}}
{{- if and .Values.proxy.https.enabled (eq .Values.proxy.https.type "letsencrypt") .Values.proxy.https.hosts }}yes{{ end -}}
{{- end -}}

{{- /*
What the genuine chart would find out only when the hub runs, or never: a token that it would make up itself, and keys
that the hub's own Secret does not hold. Asked only where there is a cluster to look at.
*/ -}}
{{- define "jupyterhub.check" -}}
{{- if lookup "v1" "Namespace" "" .Release.Namespace }}
{{- $_ := required "proxy.secretToken is missing: the chart would make one up" .Values.proxy.secretToken }}
{{- $name := required "hub.existingSecret is missing: the chart would make tokens up" .Values.hub.existingSecret }}
{{- $found := lookup "v1" "Secret" .Release.Namespace $name | default dict }}
{{- $keys := list "hub.config.JupyterHub.cookie_secret" "hub.config.CryptKeeper.keys" }}
{{- range $service, $_ := .Values.hub.services }}
{{- $keys = append $keys (printf "hub.services.%s.apiToken" $service) }}
{{- end }}
{{- range $variable, $value := .Values.hub.extraEnv }}
{{- if kindIs "map" $value }}
{{- $reference := $value.valueFrom.secretKeyRef }}
{{- $secret := lookup "v1" "Secret" $.Release.Namespace $reference.name | default dict }}
{{- if not (hasKey ($secret.data | default dict) $reference.key) }}
{{- fail (printf "%s: the Secret %s has no key %s" $variable $reference.name $reference.key) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $keys }}
{{- if not (hasKey ($found.data | default dict) .) }}
{{- fail (printf "hub.existingSecret: the Secret %s has no key %s" $name .) }}
{{- end }}
{{- end }}
{{- if .Values.prePuller.hook.enabled }}
{{- fail "prePuller.hook is on: a large image would make the release time out" }}
{{- end }}
{{- if .Values.scheduling.userPlaceholder.enabled }}
{{- fail "userPlaceholder is on: the release would wait for it" }}
{{- end }}
{{- if and (eq .Values.hub.db.type "postgres") (not .Values.hub.extraEnv.PGPASSWORD) }}
{{- fail "hub.db.type is postgres, and the hub is told no password" }}
{{- end }}
{{- end }}
{{- end -}}
