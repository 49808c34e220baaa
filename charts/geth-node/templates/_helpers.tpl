{{/*
Names and labels. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
*/}}

{{/* What a selector matches: never changes during the life of a release. */}}
{{- define "geth-node.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of pods and volume claims: no versions, so that a new chart version alone restarts nothing. */}}
{{- define "geth-node.stableLabels" -}}
{{ include "geth-node.selectorLabels" . }}
app.kubernetes.io/component: execution
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels of every object of the nodes. */}}
{{- define "geth-node.labels" -}}
{{ include "geth-node.stableLabels" . }}
{{ include "geth-node.versionLabels" . }}
{{- end }}

{{- define "geth-node.versionLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* The pods that take snapshots are no nodes: no Service, policy or budget of those may mean them. */}}
{{- define "geth-node.snapshotSelectorLabels" -}}
app.kubernetes.io/name: geth-snapshot
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "geth-node.snapshotLabels" -}}
{{ include "geth-node.snapshotSelectorLabels" . }}
app.kubernetes.io/component: snapshot
app.kubernetes.io/part-of: plumbline
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Whether the network is one that everybody can join; the others start from a genesis of their own. */}}
{{- define "geth-node.public" -}}
{{- if has .Values.network (list "sepolia" "mainnet") }}true{{ end }}
{{- end }}

{{/* Names by which JSON-RPC may be called: Geth refuses other Host headers, against DNS rebinding. */}}
{{- define "geth-node.vhosts" -}}
{{- $service := .Values.service.name -}}
{{- $names := list "localhost" $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) -}}
{{- $names = append $names (printf "%s.%s.svc.cluster.local" $service .Release.Namespace) -}}
{{- /* Every node that serves clients is behind the Ingress, whichever release made that; a restored one may become such a node. */ -}}
{{- if or .Values.ingress.enabled .Values.service.member .Values.persistence.fromSnapshot }}{{ $names = concat $names .Values.ingress.hosts }}{{ end -}}
{{- concat $names .Values.http.vhosts | uniq | join "," -}}
{{- end }}

{{/* The command line. https://geth.ethereum.org/docs/fundamentals/command-line-options */}}
{{- define "geth-node.args" -}}
- --datadir=/data
{{- if include "geth-node.public" . }}
- --{{ .Values.network }}
{{- else }}
# Never --sepolia on a devnet, whatever its chain id: Geth would bring forks that this chain has not.
- --networkid={{ .Values.genesis.networkId | int64 }}
{{- end }}
- --syncmode={{ .Values.sync.mode }}
- --state.scheme={{ .Values.state.scheme }}
- --history.state={{ .Values.state.history | int64 }}
- --cache={{ .Values.cacheMiB | int64 }}
- --http
- --http.addr=0.0.0.0
- --http.port=8545
- --http.api={{ join "," .Values.http.api }}
- --http.vhosts={{ include "geth-node.vhosts" . }}
{{- with .Values.http.corsDomains }}
- --http.corsdomain={{ join "," . }}
{{- end }}
- --ws
- --ws.addr=0.0.0.0
- --ws.port=8545
- --ws.api={{ join "," .Values.http.api }}
{{- with .Values.http.corsDomains }}
- --ws.origins={{ join "," . }}
{{- end }}
{{- if eq .Values.consensus.mode "engine" }}
- --authrpc.addr=0.0.0.0
- --authrpc.port=8551
# Guarded by the key; the consensus client calls each pod by a name of its own.
- --authrpc.vhosts=*
- --authrpc.jwtsecret=/jwt/{{ .Values.consensus.engine.jwt.key }}
- --engine.maxreorgdepth={{ .Values.consensus.engine.maxReorgDepth | int64 }}
{{- else }}
- --beacon.api={{ join "," .Values.consensus.blsync.api }}
- --beacon.checkpoint={{ .Values.consensus.blsync.checkpoint }}
{{- if not (include "geth-node.public" .) }}
- --beacon.config=/genesis/beacon.yaml
- --beacon.genesis.time={{ .Values.consensus.blsync.genesis.time | int64 }}
- --beacon.genesis.gvroot={{ .Values.consensus.blsync.genesis.validatorsRoot }}
{{- end }}
{{- end }}
- --port={{ .Values.p2p.port }}
- --nat={{ .Values.p2p.nat }}
- --maxpeers={{ .Values.p2p.maxPeers }}
{{- if not .Values.p2p.discovery }}
- --nodiscover
{{- end }}
{{- if .Values.p2p.nodeKeys.existingSecret }}
- --nodekey=/keys/nodekey
{{- end }}
{{- if .Values.p2p.staticNodes }}
- --config=/config/geth.toml
{{- end }}
- --ipcdisable
- --metrics
- --metrics.addr=0.0.0.0
- --metrics.port=6060
- --log.format={{ .Values.log.format }}
- --verbosity={{ .Values.log.verbosity }}
{{- end }}

{{/* What a container may do: nothing but what it needs. */}}
{{- define "geth-node.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* A container that is told to end goes on for a moment, until everybody has heard of it. */}}
{{- define "geth-node.drain" -}}
{{- if .Values.shutdown.drainSeconds -}}
lifecycle:
  preStop:
    sleep:
      seconds: {{ .Values.shutdown.drainSeconds }}
{{- end }}
{{- end }}

{{/* What a copy goes through before the node starts on it: name and command line, in this order (of the alphabet). In an empty one
     the client begins a chain, which is not at the head that it should have. */}}
{{- define "geth-node.checks" -}}
{{- with .Values.persistence -}}
{{- if .repair }}
repair:
- --datadir=/data
{{- if include "geth-node.public" $ }}
- --{{ $.Values.network }}
{{- end }}
- --state.scheme={{ $.Values.state.scheme }}
- --history.state={{ $.Values.state.history | int64 }}
- --cache={{ $.Values.cacheMiB | int64 }}
- --nodiscover
- --maxpeers=0
- --ipcdisable
- --exec=eth.blockNumber
- console
{{- end }}
{{- if .verifyState }}
verify-state:
- snapshot
- verify-state
- --datadir=/data
{{- end }}
{{- end -}}
{{- end }}
