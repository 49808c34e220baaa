{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "nginx-ingress.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of pods and volume claims: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "nginx-ingress.stableLabels" -}}
{{ include "nginx-ingress.selectorLabels" . }}
app.kubernetes.io/component: ingress
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "nginx-ingress.labels" -}}
{{ include "nginx-ingress.stableLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Every namespace that the controller watches. Its own is among them for the Service whose address it publishes, and for the
route by which it is asked whether it is ready. */}}
{{- define "nginx-ingress.namespaces" -}}
{{- append .Values.controller.watchNamespaces .Release.Namespace | uniq | sortAlpha | join "," -}}
{{- end }}

{{/* The host of that route: a name that nobody can have (RFC 6761). */}}
{{- define "nginx-ingress.readinessHost" -}}
readiness.{{ .Release.Name }}.invalid
{{- end }}
