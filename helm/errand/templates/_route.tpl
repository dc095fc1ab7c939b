{{- define "errand.ingress" -}}
{{- $ingress := .Values.ingress }}
{{- if and .Values.gateway.enabled $ingress.enabled }}
{{- $name := printf "%s-gateway" (include "errand.fullname" .) }}
{{- $secret := $ingress.tls.secretName | default (printf "%s-ingress-tls" (include "errand.fullname" .)) }}
{{- $hosts := prepend $ingress.extraHosts $ingress.host }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{- include "errand.metadata" (list . "gateway" $name $ingress.annotations) | nindent 2 }}
spec:
  {{- with $ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- if $ingress.tls.enabled }}
  tls: [{hosts: {{ toJson $hosts }}, secretName: {{ $secret }}}]
  {{- end }}
  rules:
    {{- range $hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: {{ $name }}, port: {name: http}}}}
    {{- end }}
{{- if and $ingress.tls.enabled $ingress.tls.issuerRef }}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{- include "errand.metadata" (list . "gateway" $secret) | nindent 2 }}
spec:
  secretName: {{ $secret }}
  dnsNames: {{- toYaml $hosts | nindent 4 }}
  renewBeforePercentage: {{ .Values.tls.internal.certManager.renewBeforePercentage }}
  privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}
  issuerRef: {{- toYaml $ingress.tls.issuerRef | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}

{{/* What routes of either kind begin with. Takes (list root component kind route). */}}
{{- define "errand.route" -}}
{{- $root := index . 0 }}
{{- $route := index . 3 -}}
apiVersion: gateway.networking.k8s.io/v1
kind: {{ index . 2 }}
metadata: {{- include "errand.metadata" (list $root (index . 1) (printf "%s-%s" (include "errand.fullname" $root) (index . 1)) $route.annotations) | nindent 2 }}
spec:
  parentRefs: {{- toYaml $route.parentRefs | nindent 4 }}
  {{- with $route.hostnames }}
  hostnames: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "errand.route.http" -}}
{{- $route := .Values.route.http }}
{{- if and .Values.gateway.enabled $route.enabled }}
{{- include "errand.route" (list . "gateway" "HTTPRoute" $route) }}
  rules:
    - matches: [{path: {type: PathPrefix, value: /}}]
      {{- with $route.filters }}
      filters: {{- toYaml . | nindent 8 }}
      {{- end }}
      backendRefs: [{name: {{ include "errand.fullname" . }}-gateway, port: {{ .Values.gateway.service.port | default 8080 }}}]
{{- end }}
{{- end }}

{{- define "errand.route.grpc" -}}
{{- $route := .Values.route.grpc }}
{{- if and .Values.tasks.enabled $route.enabled }}
{{- include "errand.route" (list . "tasks" "GRPCRoute" $route) }}
  rules:
    - matches:
        {{- range .Files.Get "routes/tasks.yaml" | fromYamlArray }}
        - method: {service: {{ . }}}
        {{- end }}
      backendRefs: [{name: {{ include "errand.fullname" . }}-tasks, port: {{ (.Values.tasks.service | default dict).port | default 50052 }}}]
{{- end }}
{{- end }}
