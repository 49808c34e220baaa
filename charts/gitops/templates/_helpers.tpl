{{/* Labels of every object. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */}}
{{- define "gitops.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gitops
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* A project of which nothing is permitted yet: takes (list $ "name" "description"). */}}
{{- define "gitops.project" -}}
{{- $root := index . 0 -}}
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "gitops.labels" $root | nindent 4 }}
  annotations:
    argocd.argoproj.io/sync-wave: "-1"
spec:
  description: {{ index . 2 | quote }}
{{- end }}

{{/* What is kept as Git has it without anybody's doing. */}}
{{- define "gitops.automated" -}}
automated:
  prune: true
  selfHeal: true
{{- end }}
