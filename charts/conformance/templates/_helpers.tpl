{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
Each takes (list $ "component"), since the chart's workloads are told apart by their component.
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "conformance.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of pods: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "conformance.stableLabels" -}}
{{- $root := index . 0 -}}
{{ include "conformance.selectorLabels" . }}
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "conformance.labels" -}}
{{- $root := index . 0 -}}
{{ include "conformance.stableLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{/* A pod of the probes, up to its container: takes (list $ "component"). */}}
{{- define "conformance.pod" -}}
{{- $root := index . 0 -}}
metadata:
  labels:
    {{- include "conformance.stableLabels" . | nindent 4 }}
  annotations:
    checksum/programs: {{ $root.Files.Glob "files/*" | toJson | sha256sum }}
spec:
  serviceAccountName: {{ $root.Release.Name }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 1
  securityContext:
    {{- include "conformance.podSecurity" . | nindent 4 }}
  volumes:
  - name: programs
    configMap:
      name: probe-programs
{{- end }}

{{/* What every container of the probes has. */}}
{{- define "conformance.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "conformance.containerSecurity" . | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
- name: programs
  mountPath: /programs
  readOnly: true
{{- end }}

{{/* Whom every pod runs as, and what no container may (Pod Security level "restricted"). */}}
{{- define "conformance.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "conformance.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The pod that shows the results of runs, and its Service. */}}
{{- define "conformance.results" -}}
{{ .Release.Name }}-results
{{- end }}
