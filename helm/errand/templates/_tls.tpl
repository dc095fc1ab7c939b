{{/* The Secret with a service's certificate. */}}
{{- define "errand.tls.secret" -}}
{{- index .root.Values.tls.internal.secretNames .component | default (printf "%s-tls" .name) }}
{{- end }}

{{- define "errand.tls.environment" -}}
{{- if ne .root.Values.tls.internal.mode "disabled" }}
- {name: TLS_DIR, value: /etc/errand/tls}
{{- if ne .component "gateway" }}
{{- $fullname := include "errand.fullname" .root }}
{{- $callers := eq .component "auth" | ternary (list "gateway" "tasks") (list "gateway") }}
{{- $clients := .root.Values.tls.internal.clients }}
{{- range $callers }}{{ $clients = append $clients (printf "%s-%s" $fullname .) }}{{ end }}
- {name: TLS_CLIENTS, value: {{ join "," $clients | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "errand.tls.volumes" -}}
{{- if ne .root.Values.tls.internal.mode "disabled" }}
- name: tls
  secret: {secretName: {{ include "errand.tls.secret" . }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "errand.tls.mounts" -}}
{{- if ne .root.Values.tls.internal.mode "disabled" }}
- {name: tls, mountPath: /etc/errand/tls, readOnly: true}
{{- end }}
{{- end }}

{{/* A service's certificate, for the names by which it is called and as which it calls. */}}
{{- define "errand.certificate" -}}
{{- $internal := .root.Values.tls.internal }}
{{- if eq $internal.mode "certManager" }}
{{- $fullname := include "errand.fullname" .root }}
{{- $namespace := .root.Release.Namespace }}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{- include "errand.metadata" (list .root .component (printf "%s-tls" .name)) | nindent 2 }}
spec:
  secretName: {{ include "errand.tls.secret" . }}
  commonName: {{ .name }}
  dnsNames:
    {{- range $host := list .name (printf "%s-headless" .name) }}
    {{- range $suffix := list "" (printf ".%s" $namespace) (printf ".%s.svc" $namespace) (printf ".%s.svc.cluster.local" $namespace) }}
    - {{ $host }}{{ $suffix }}
    {{- end }}
    {{- end }}
  usages: [digital signature, server auth, client auth]
  privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}
  duration: {{ $internal.certManager.duration }}
  renewBeforePercentage: {{ $internal.certManager.renewBeforePercentage }}
  issuerRef: {{- include "errand.tls.issuer" .root | nindent 4 }}
{{- end }}
{{- end }}

{{- define "errand.tls.issuer" -}}
{{- with .Values.tls.internal.certManager.issuerRef }}
{{- toYaml . }}
{{- else -}}
name: {{ include "errand.fullname" . }}-ca
kind: Issuer
{{- end }}
{{- end }}
