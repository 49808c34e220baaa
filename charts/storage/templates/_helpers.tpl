{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "storage.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of pods and volume claims: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "storage.stableLabels" -}}
{{ include "storage.selectorLabels" . }}
app.kubernetes.io/component: storage
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "storage.labels" -}}
{{ include "storage.stableLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What a sidecar may do: talk to the driver's socket, which is root's. */}}
{{- define "storage.sidecarSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
