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

{{/* Every namespace that the controller watches. Its own is among them for the Service whose address it publishes. */}}
{{- define "nginx-ingress.namespaces" -}}
{{- $namespaces := .Values.controller.watchNamespaces -}}
{{- if .Values.controller.publishService.enabled -}}
{{- $namespaces = append $namespaces .Release.Namespace -}}
{{- end -}}
{{- $namespaces | uniq | sortAlpha | join "," -}}
{{- end }}
