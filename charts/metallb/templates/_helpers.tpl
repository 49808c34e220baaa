{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
Each takes (list $ "component"), since the chart's workloads are told apart by their component.
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "metallb.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of pods: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "metallb.stableLabels" -}}
{{- $root := index . 0 -}}
{{ include "metallb.selectorLabels" . }}
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "metallb.labels" -}}
{{- $root := index . 0 -}}
{{ include "metallb.stableLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}
