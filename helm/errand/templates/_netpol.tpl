{{/* The pods of a component, of any release: services may be releases of their own. Takes the component. */}}
{{- define "errand.peer" -}}
- podSelector:
    matchLabels:
      app.kubernetes.io/part-of: errand
      app.kubernetes.io/component: {{ . }}
{{- end }}

{{/* What may reach a service and what it may reach. */}}
{{- define "errand.netpol" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- if $policy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{- include "errand.metadata" (list .root .component .name) | nindent 2 }}
spec:
  podSelector:
    matchLabels: {{- include "errand.selector" (list .root .component) | nindent 6 }}
  policyTypes: [Ingress{{ if $policy.egress.enabled }}, Egress{{ end }}]
  ingress:
    - ports: [{port: {{ .protocol }}, protocol: TCP}]
      {{- if eq .component "gateway" }}
      {{- with $policy.gatewayFrom }}
      from:
        {{- toYaml . | nindent 8 }}
        {{- include "errand.peer" "smoke" | nindent 8 }}
      {{- end }}
      {{- else }}
      from:
        {{- range eq .component "auth" | ternary (list "gateway" "tasks") (list "gateway") }}
        {{- include "errand.peer" . | nindent 8 }}
        {{- end }}
        {{- if .root.Values.route.grpc.enabled }}
        {{- with $policy.gatewayFrom | default (list (dict "namespaceSelector" dict)) }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- end }}
      {{- end }}
    - ports: [{port: admin, protocol: TCP}]
      {{- with $policy.metricsFrom }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
  {{- if $policy.egress.enabled }}
  egress:
    {{- include "errand.egress.dns" .root | nindent 4 }}
    {{- if ne .component "auth" }}
    {{- include "errand.egress.peer" (list .root "auth") | nindent 4 }}
    {{- end }}
    {{- if eq .component "gateway" }}
    {{- include "errand.egress.peer" (list .root "tasks") | nindent 4 }}
    {{- else }}
    {{- include "errand.egress.database" .root | nindent 4 }}
    {{- end }}
    {{- include "errand.egress.otlp" . | nindent 4 }}
    {{- with $policy.egress.extra }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "errand.egress.dns" -}}
- ports:
    {{- range .Values.networkPolicy.egress.dnsPorts }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}

{{/* A peer in this namespace, or where `endpoints` says: then anywhere, on that port. Takes (list root peer). */}}
{{- define "errand.egress.peer" -}}
{{- $root := first . }}
{{- $elsewhere := get $root.Values.endpoints (last .) -}}
{{- if $elsewhere -}}
- ports: [{port: {{ include "errand.port" $elsewhere }}, protocol: TCP}]
{{- else -}}
- ports: [{port: {{ (include "errand.facts" (last .) | fromYaml).port }}, protocol: TCP}]
  to: {{- include "errand.peer" (last .) | nindent 4 }}
{{- end }}
{{- end }}

{{- define "errand.egress.database" -}}
{{- if eq .Values.database.mode "bundled" -}}
- ports: [{port: 5432, protocol: TCP}]
  to: {{- include "errand.peer" "postgres" | nindent 4 }}
{{- else -}}
- ports: [{port: {{ .Values.database.external.port }}, protocol: TCP}]
  {{- with .Values.networkPolicy.egress.database }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "errand.egress.otlp" -}}
{{- $settings := mergeOverwrite (deepCopy .root.Values.settings) .own.settings }}
{{- with $settings.OTEL_EXPORTER_OTLP_ENDPOINT -}}
- ports: [{port: {{ include "errand.port" . }}, protocol: TCP}]
  {{- with $.root.Values.networkPolicy.egress.otlp }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The port of a URL. */}}
{{- define "errand.port" -}}
{{- $host := (urlParse .).host }}
{{- $scheme := (urlParse .).scheme }}
{{- regexFind ":[0-9]+$" $host | trimPrefix ":" | default (eq $scheme "https" | ternary "443" "80") }}
{{- end }}

{{/* For pods that come and go: nothing reaches them. Takes a dict of root, component and egress (text of rules). */}}
{{- define "errand.netpol.task" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{- include "errand.metadata" (list .root .component (printf "%s-%s" (include "errand.fullname" .root) .component)) | nindent 2 }}
spec:
  podSelector:
    matchLabels: {{- include "errand.selector" (list .root .component) | nindent 6 }}
  policyTypes: [Ingress{{ if .root.Values.networkPolicy.egress.enabled }}, Egress{{ end }}]
  ingress: []
  {{- if .root.Values.networkPolicy.egress.enabled }}
  egress:
    {{- include "errand.egress.dns" .root | nindent 4 }}
    {{- .egress | nindent 4 }}
  {{- end }}
{{- end }}
