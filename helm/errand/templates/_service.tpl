{{/* The Service that people and ingresses call. */}}
{{- define "errand.service" -}}
{{- $service := .own.service -}}
apiVersion: v1
kind: Service
metadata: {{- include "errand.metadata" (list .root .component .name $service.annotations) | nindent 2 }}
spec:
  type: {{ $service.type }}
  {{- with $service.trafficDistribution }}
  trafficDistribution: {{ . }}
  {{- end }}
  selector: {{- include "errand.selector" (list .root .component) | nindent 4 }}
  ports:
    - {{ include "errand.service.port" . | nindent 6 | trim }}
      port: {{ $service.port | default .port }}
{{- end }}

{{/* The Service that peers resolve to every replica, and that monitors scrape. */}}
{{- define "errand.service.headless" -}}
apiVersion: v1
kind: Service
metadata: {{- include "errand.metadata" (list .root .component (printf "%s-headless" .name)) | nindent 2 }}
spec:
  clusterIP: None
  selector: {{- include "errand.selector" (list .root .component) | nindent 4 }}
  ports:
    - {{ include "errand.service.port" . | nindent 6 | trim }}
      port: {{ .port }}
    - {name: admin, port: 9090, targetPort: admin}
{{- end }}

{{- define "errand.service.port" -}}
name: {{ .protocol }}
targetPort: {{ .protocol }}
{{- if eq .protocol "grpc" }}
appProtocol: {{ eq .root.Values.tls.internal.mode "disabled" | ternary "kubernetes.io/h2c" "https" }}
{{- end }}
{{- end }}
