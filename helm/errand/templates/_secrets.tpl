{{/* The Secret with the generated keys. */}}
{{- define "errand.secrets.name" -}}
{{- .Values.secrets.existingSecret | default (printf "%s-secrets" (include "errand.fullname" .)) }}
{{- end }}

{{/* The Secret with the URLs of the databases. */}}
{{- define "errand.secrets.database" -}}
{{- if eq .Values.database.mode "external" }}
{{- .Values.database.external.existingSecret | default (include "errand.secrets.name" .) }}
{{- else }}
{{- include "errand.secrets.name" . }}
{{- end }}
{{- end }}

{{/* The key of a service's database URL. Takes (list root service). */}}
{{- define "errand.secrets.databaseKey" -}}
{{- index (first .).Values.secrets.keys (printf "%sDatabaseUrl" (last .)) }}
{{- end }}

{{/* Secrets are files; the environment only says where. */}}
{{- define "errand.secrets.environment" -}}
{{- if ne .component "gateway" }}
{{- $folder := eq .root.Values.secrets.mode "vault" | ternary "/vault/secrets" "/etc/errand/secrets" }}
- {name: DATABASE_URL_FILE, value: {{ $folder }}/database-url}
{{- if eq .component "auth" }}
- {name: KEK_FILE, value: {{ $folder }}/kek}
{{- end }}
{{- end }}
{{- end }}

{{- define "errand.secrets.volumes" -}}
{{- if and (ne .component "gateway") (ne .root.Values.secrets.mode "vault") }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ include "errand.secrets.database" .root }}
          items: [{key: {{ include "errand.secrets.databaseKey" (list .root .component) }}, path: database-url}]
      {{- if eq .component "auth" }}
      - secret:
          name: {{ include "errand.secrets.name" .root }}
          items: [{key: {{ .root.Values.secrets.keys.kek }}, path: kek}]
      {{- end }}
{{- end }}
{{- if and (ne .component "gateway") .root.Values.database.external.caSecret (eq .root.Values.database.mode "external") }}
- name: database
  secret: {secretName: {{ .root.Values.database.external.caSecret }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "errand.secrets.mounts" -}}
{{- if and (ne .component "gateway") (ne .root.Values.secrets.mode "vault") }}
- {name: secrets, mountPath: /etc/errand/secrets, readOnly: true}
{{- end }}
{{- if and (ne .component "gateway") .root.Values.database.external.caSecret (eq .root.Values.database.mode "external") }}
- {name: database, mountPath: /etc/errand/database, readOnly: true}
{{- end }}
{{- end }}

{{/* Annotations by which Vault's agent writes the same files, once, before the process starts. */}}
{{- define "errand.secrets.annotations" -}}
{{- if and (ne .component "gateway") (eq .root.Values.secrets.mode "vault") }}
{{- $vault := .root.Values.secrets.vault }}
vault.hashicorp.com/agent-inject: "true"
vault.hashicorp.com/agent-pre-populate-only: "true"
vault.hashicorp.com/role: {{ $vault.role | quote }}
{{- $files := dict "database-url" (include "errand.secrets.databaseKey" (list .root .component)) }}
{{- if eq .component "auth" }}{{ $_ := set $files "kek" .root.Values.secrets.keys.kek }}{{ end }}
{{- range $file, $key := $files }}
vault.hashicorp.com/agent-inject-secret-{{ $file }}: {{ $vault.path | quote }}
vault.hashicorp.com/agent-inject-template-{{ $file }}: {{ printf "{{- with secret %q -}}{{ index .Data.data %q }}{{- end -}}" $vault.path $key | squote }}
{{- end }}
{{- range $name, $value := $vault.annotations }}
vault.hashicorp.com/{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}
