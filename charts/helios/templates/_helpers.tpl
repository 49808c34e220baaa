{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "helios.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of pods: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "helios.stableLabels" -}}
{{ include "helios.selectorLabels" . }}
app.kubernetes.io/component: light-client
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "helios.labels" -}}
{{ include "helios.stableLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
