{{/* The groups of alerts: those of rules/alerts.yaml, as metrics.rules wants them. */}}
{{- define "errand.alerts" -}}
{{- $rules := .Values.metrics.rules -}}
{{- $alerts := .Files.Get "rules/alerts.yaml" | fromYamlArray -}}
{{- $names := list -}}
{{- range $alerts }}{{ $names = append $names .name }}{{ end -}}
{{- range $name, $_ := $rules.alerts }}
{{- if not (has $name $names) }}{{ fail (printf "metrics.rules.alerts: there is no alert %s; there are %s" $name (join ", " $names)) }}{{ end }}
{{- end -}}
{{- $group := "" -}}
{{- range $alerts }}
{{- $own := get $rules.alerts .name | default dict }}
{{- $on := ternary $rules.kubernetes true (ne .needs "") }}
{{- if hasKey $own "enabled" }}{{ $on = $own.enabled }}{{ end }}
{{- if $on }}
{{- $threshold := .threshold }}
{{- if hasKey $own "threshold" }}{{ $threshold = toString $own.threshold }}{{ end }}
{{- $for := $own.for | default .for }}
{{- if ne .group $group }}
{{- $group = .group }}
- name: errand-{{ .group }}
  rules:
{{- end }}
    - alert: {{ .name }}
      expr: |
        {{- .expr | replace "$threshold" $threshold | trim | nindent 8 }}
      {{- if ne $for "0m" }}
      for: {{ $for }}
      {{- end }}
      labels: {severity: {{ $own.severity | default .severity }}{{ with .slo }}, slo: {{ . }}{{ end }}}
      annotations:
        summary: {{ .summary | quote }}
        description: {{ .description | replace "$threshold" $threshold | quote }}
        runbook_url: {{ printf "%s/%s.md" ($rules.runbookBase | trimSuffix "/") .name | quote }}
        dashboard_url: {{ printf "%s/%s" ($rules.dashboardBase | trimSuffix "/") .board | quote }}
{{- end }}
{{- end }}
{{- end }}
