{{/* Keys that running processes take up: they restart no pod. */}}
{{- define "errand.reloadable" -}}
LOG_LEVEL RATE_LIMIT RATE_LIMIT_USER RATE_LIMIT_ADDRESS RATE_LIMIT_LOGIN RATE_LIMIT_REFRESH LOG_REQUESTS CORS_ORIGINS
{{- end }}

{{/* Settings as lines NAME=value; those without a value are left out. Takes a dict of settings. */}}
{{- define "errand.lines" -}}
{{- range $name, $value := . }}
{{- if and (empty $value) (not (kindIs "float64" $value)) (not (kindIs "int64" $value)) }}
{{- else if kindIs "slice" $value }}
{{ $name }}={{ join "," $value }}
{{- else if kindIs "string" $value }}
{{ $name }}={{ $value }}
{{- else }}
{{ $name }}={{ toJson $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* Settings that only a new process takes up. */}}
{{- define "errand.config.fixed" -}}
{{- $settings := mergeOverwrite (deepCopy .root.Values.settings) .own.settings }}
{{- range include "errand.reloadable" . | splitList " " }}{{ $_ := unset $settings . }}{{ end }}
{{- include "errand.lines" $settings }}
{{- end }}

{{- define "errand.config" -}}
apiVersion: v1
kind: ConfigMap
metadata: {{- include "errand.metadata" (list .root .component .name) | nindent 2 }}
data:
  settings.env: |
    # Watched by the process. Taken up at once: {{ include "errand.reloadable" . }}
    {{- include "errand.lines" (mergeOverwrite (deepCopy .root.Values.settings) .own.settings) | trim | nindent 4 }}
{{- end }}

{{/* Where a peer is. Takes (list root peer). */}}
{{- define "errand.endpoint" -}}
{{- $root := first . }}
{{- $peer := last . }}
{{- $scheme := eq $root.Values.tls.internal.mode "disabled" | ternary "http" "https" }}
{{- $port := (include "errand.facts" $peer | fromYaml).port }}
{{- index $root.Values.endpoints $peer | default (printf "%s://%s-%s-headless:%v" $scheme (include "errand.fullname" $root) $peer $port) }}
{{- end }}

{{/* The environment of a service: what follows from the release, and paths of files. Settings come from the file. */}}
{{- define "errand.environment" -}}
- {name: CONFIG_FILE, value: /etc/errand/config/settings.env}
{{- if eq .component "gateway" }}
{{- with .root.Values.auth.settings.PASSWORD_MINIMUM }}
- {name: PASSWORD_MINIMUM, value: {{ . | toString | quote }}}
{{- end }}
{{- end }}
{{- if ne .component "auth" }}
- {name: AUTH_URL, value: {{ include "errand.endpoint" (list .root "auth") | quote }}}
{{- end }}
{{- if eq .component "gateway" }}
- {name: TASKS_URL, value: {{ include "errand.endpoint" (list .root "tasks") | quote }}}
{{- end }}
{{- include "errand.secrets.environment" . }}
{{- include "errand.tls.environment" . }}
{{- with .own.workerThreads }}
- {name: TOKIO_WORKER_THREADS, value: {{ . | quote }}}
{{- end }}
{{- with .own.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
