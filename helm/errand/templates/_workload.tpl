{{/* The Deployment of a service. */}}
{{- define "errand.workload" -}}
{{- $own := .own -}}
apiVersion: apps/v1
kind: Deployment
metadata: {{- include "errand.metadata" (list .root .component .name $own.deploymentAnnotations) | nindent 2 }}
spec:
  {{- /* Whoever scales owns the count: rendered beside an autoscaler, each upgrade would set it back. */}}
  {{- if and (eq $own.autoscaling.mode "none") (not (kindIs "invalid" $own.replicaCount)) }}
  replicas: {{ $own.replicaCount }}
  {{- end }}
  minReadySeconds: {{ $own.minReadySeconds }}
  revisionHistoryLimit: {{ $own.revisionHistoryLimit }}
  strategy: {{- toYaml $own.strategy | nindent 4 }}
  selector:
    matchLabels: {{- include "errand.selector" (list .root .component) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "errand.podLabels" (list .root .component) | nindent 8 }}
        {{- with $own.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        {{- include "errand.pod.annotations" . | nindent 8 }}
    spec: {{- include "errand.pod.service" . | nindent 6 }}
{{- end }}

{{- define "errand.pod.annotations" -}}
kubectl.kubernetes.io/default-container: {{ .component }}
{{- /* A collector would else take the release's name for that of all three services. */}}
resource.opentelemetry.io/service.name: {{ .component }}
resource.opentelemetry.io/service.namespace: {{ .root.Release.Namespace }}
errand/settings-checksum: {{ include "errand.config.fixed" . | sha256sum | trunc 16 | quote }}
{{- if and .root.Values.metrics.annotations (not .root.Values.metrics.monitor.enabled) }}
prometheus.io/scrape: "true"
prometheus.io/port: "9090"
prometheus.io/path: /metrics
{{- end }}
{{- include "errand.secrets.annotations" . }}
{{- with .own.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "errand.account.name" -}}
{{- $account := .own.serviceAccount }}
{{- $account.name | default ($account.create | ternary .name "default") }}
{{- end }}

{{- define "errand.account" -}}
{{- if .own.serviceAccount.create -}}
apiVersion: v1
kind: ServiceAccount
metadata: {{- include "errand.metadata" (list .root .component (include "errand.account.name" .) .own.serviceAccount.annotations) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}
{{- end }}
