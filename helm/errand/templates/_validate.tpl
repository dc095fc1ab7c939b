{{- define "errand.validate" -}}
{{- end }}
