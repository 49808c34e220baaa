{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "network-policy.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of pods and volume claims: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "network-policy.stableLabels" -}}
{{ include "network-policy.selectorLabels" . }}
app.kubernetes.io/component: network-policy
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "network-policy.labels" -}}
{{ include "network-policy.stableLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
