{{/* Labels of every object. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */}}
{{- define "gitops-applications.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gitops
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
plumbline.dev/environment: {{ .Values.environment }}
{{- end }}

{{/* The wave of a project: the order within its set. */}}
{{- define "gitops-applications.wave" -}}
{{- get (dict "definitions" "1" "namespaces" "2" "controllers" "3" "secrets" "1" "monitoring" "2" "workloads" "2") . }}
{{- end }}

{{/* An Application up to its source: takes (list $ "name" "project" "namespace"). */}}
{{- define "gitops-applications.application" -}}
{{- $root := index . 0 -}}
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {{ $root.Values.environment }}-{{ index . 1 }}
  labels:
    {{- include "gitops-applications.labels" $root | nindent 4 }}
  annotations:
    argocd.argoproj.io/sync-wave: {{ include "gitops-applications.wave" (index . 2) | quote }}
spec:
  project: {{ index . 2 }}
  destination:
    name: {{ $root.Values.cluster }}
    namespace: {{ index . 3 }}
{{- end }}

{{/* How an Application is kept as Git has it: takes (list $ prune). */}}
{{- define "gitops-applications.syncPolicy" -}}
syncPolicy:
  automated:
    prune: {{ index . 1 }}
    selfHeal: true
  syncOptions:
  - ServerSideApply=true
  - PruneLast=true
  {{- with (index . 0).Values.retry }}
  retry:
    limit: {{ .limit }}
    backoff:
      duration: {{ .duration }}
      factor: 2
      maxDuration: {{ .maxDuration }}
  {{- end }}
{{- end }}
