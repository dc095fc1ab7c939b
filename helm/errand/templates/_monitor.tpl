{{/* What Prometheus scrapes: the admin port of every service. */}}
{{- define "errand.monitor" -}}
{{- $monitor := .Values.metrics.monitor }}
{{- if $monitor.enabled }}
{{- $selector := dict "app.kubernetes.io/name" (include "errand.name" .) "app.kubernetes.io/instance" .Release.Name }}
apiVersion: monitoring.coreos.com/v1
kind: {{ $monitor.kind }}
metadata: {{- include "errand.observed" (list . (include "errand.fullname" .) $monitor) | nindent 2 }}
spec:
  jobLabel: app.kubernetes.io/component
  {{- /* By which a rollout is judged. */}}
  podTargetLabels: [rollouts-pod-template-hash]
  namespaceSelector: {matchNames: [{{ .Release.Namespace }}]}
  selector: {matchLabels: {{ toJson $selector }}}
  {{ eq $monitor.kind "ServiceMonitor" | ternary "endpoints" "podMetricsEndpoints" }}:
    - port: admin
      path: /metrics
      interval: {{ $monitor.interval }}
      scrapeTimeout: {{ $monitor.scrapeTimeout }}
      {{- with $monitor.relabelings }}
      relabelings: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $monitor.metricRelabelings }}
      metricRelabelings: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
{{- end }}

{{/*
The metadata of what another operator picks up: by its labels, and perhaps in another namespace. Takes (list root name values).
*/}}
{{- define "errand.observed" -}}
{{- $root := first . }}
{{- $values := last . -}}
name: {{ index . 1 }}
{{- with $values.namespace }}
namespace: {{ . }}
{{- end }}
labels: {{- merge (include "errand.labels" (list $root "metrics") | fromYaml) $values.labels | toYaml | nindent 2 }}
{{- with merge dict ($values.annotations | default dict) $root.Values.commonAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
