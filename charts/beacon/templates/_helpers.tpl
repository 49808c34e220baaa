{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "beacon.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of pods and volume claims: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "beacon.stableLabels" -}}
{{ include "beacon.selectorLabels" . }}
app.kubernetes.io/component: consensus
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "beacon.labels" -}}
{{ include "beacon.stableLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
