{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
Each takes (list $ "component"), since the chart's workloads are told apart by their component.
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "storage.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of pods: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "storage.stableLabels" -}}
{{- $root := index . 0 -}}
{{ include "storage.selectorLabels" . }}
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "storage.labels" -}}
{{- $root := index . 0 -}}
{{ include "storage.stableLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{/* What a container may do that only speaks: to the driver's socket, which is root's, or to the API server. */}}
{{- define "storage.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* How often what speaks to the API server may do so. */}}
{{- define "storage.apiRequests" -}}
- --kube-api-qps={{ .Values.apiRequests.perSecond }}
- --kube-api-burst={{ .Values.apiRequests.burst }}
{{- end }}

{{/* Where the API server is: it is no pod, so only its ports and addresses can be named. */}}
{{- define "storage.toApiServer" -}}
- ports:
  {{- range .Values.networkPolicy.apiServerPorts }}
  - port: {{ . }}
    protocol: TCP
  {{- end }}
  {{- with .Values.networkPolicy.apiServerCidrs }}
  to:
  {{- range . }}
  - ipBlock:
      cidr: {{ . }}
  {{- end }}
  {{- end }}
{{- end }}
