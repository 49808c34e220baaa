{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
Each takes (list $ "component"), since the chart's workloads are told apart by their component.
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "monitoring.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of pods: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "monitoring.stableLabels" -}}
{{- $root := index . 0 -}}
{{ include "monitoring.selectorLabels" . }}
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "monitoring.labels" -}}
{{- $root := index . 0 -}}
{{ include "monitoring.stableLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{/* By what Prometheus selects monitors and rules, in every namespace. */}}
{{- define "monitoring.selected" -}}
release: {{ .Release.Name }}
{{- end }}

{{/* Labels that the operator gives to the pods that it makes: takes (list $ "prometheus"). */}}
{{- define "monitoring.operated" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- end }}

{{/* What the operator is told of every pod that it makes. */}}
{{- define "monitoring.podMetadata" -}}
labels:
  app.kubernetes.io/component: monitoring
  app.kubernetes.io/part-of: plumbline
{{- end }}

{{/* A pod that writes to its volume, and is nobody. */}}
{{- define "monitoring.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65534
runAsGroup: 65534
fsGroup: 65534
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "monitoring.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "monitoring.image" -}}
{{ .repository }}:{{ .tag }}
{{- end }}

{{/* The API server is no pod: only its ports and addresses can be named. */}}
{{- define "monitoring.toApiServer" -}}
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

{{/* The objects whose state is told. */}}
{{- define "monitoring.stateOf" -}}
cronjobs,daemonsets,deployments,jobs,namespaces,nodes,persistentvolumeclaims,persistentvolumes,poddisruptionbudgets,pods,replicasets,statefulsets
{{- end }}
