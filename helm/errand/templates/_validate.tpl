{{/* Refuses what could not work, all at once. Called by shared/validate.yaml. */}}
{{- define "errand.validate" -}}
{{- $faults := list }}
{{- range list "errand.validate.services" "errand.validate.connections" "errand.validate.database" "errand.validate.secrets" "errand.validate.tls" "errand.validate.routes" "errand.validate.metrics" }}
{{- range include . $ | splitList "\n" }}
{{- with trim . }}{{ $faults = append $faults . }}{{ end }}
{{- end }}
{{- end }}
{{- if $faults }}
{{- fail (printf "these values cannot work:\n  - %s\n" (join "\n  - " $faults)) }}
{{- end }}
{{- end }}

{{- define "errand.validate.services" -}}
{{- range $component := list "gateway" "auth" "tasks" }}
{{- $own := mergeOverwrite (deepCopy $.Values.defaults) (index $.Values $component) }}
{{- if $own.enabled }}
{{ include "errand.validate.service" (dict "component" $component "own" $own "count" (include "errand.replicas" $own | fromYaml)) }}
{{- else if eq $component "auth" }}
{{- if and (not $.Values.endpoints.auth) (or $.Values.tasks.enabled $.Values.gateway.enabled) }}
auth.enabled is false: endpoints.auth must say where it is
{{- end }}
{{- else if and (eq $component "tasks") $.Values.gateway.enabled (not $.Values.endpoints.tasks) }}
tasks.enabled is false: endpoints.tasks must say where it is
{{- end }}
{{- end }}
{{- end }}

{{/* How many replicas there may be: the fewest, the most, and the most while they are replaced. */}}
{{- define "errand.replicas" -}}
{{- $scaled := ne .autoscaling.mode "none" }}
{{- $fewest := int ($scaled | ternary .autoscaling.minReplicas .replicaCount) }}
{{- $most := int ($scaled | ternary .autoscaling.maxReplicas .replicaCount) }}
{{- $surge := 0 }}
{{- if eq .strategy.type "RollingUpdate" }}
{{- $given := (.strategy.rollingUpdate | default dict).maxSurge | default "25%" | toString }}
{{- $surge = hasSuffix "%" $given | ternary (divf (mul $most (trimSuffix "%" $given | int)) 100 | ceil | int) (int $given) }}
{{- end }}
fewest: {{ $fewest }}
most: {{ $most }}
replacing: {{ add $most $surge }}
{{- end }}

{{- define "errand.validate.service" -}}
{{- $scaling := .own.autoscaling }}
{{- $pdb := .own.pdb }}
{{- if lt .count.most .count.fewest }}
{{ .component }}: autoscaling.maxReplicas ({{ .count.most }}) is below minReplicas ({{ .count.fewest }})
{{- end }}
{{- if and (eq $scaling.mode "hpa") (not $scaling.targetCPU) (not $scaling.targetMemory) (not $scaling.metrics) }}
{{ .component }}: autoscaling.mode is hpa without targetCPU, targetMemory or metrics
{{- end }}
{{- if and (eq $scaling.mode "keda") (not $scaling.targetCPU) (not $scaling.triggers) }}
{{ .component }}: autoscaling.mode is keda without triggers or targetCPU
{{- end }}
{{- if and (ne $scaling.mode "none") $scaling.targetCPU (not (dig "requests" "cpu" "" .own.resources)) }}
{{ .component }}: autoscaling.targetCPU is a share of resources.requests.cpu, which is not set
{{- end }}
{{- if and $pdb.enabled .count.fewest (regexMatch "^[0-9]+$" (toString $pdb.minAvailable)) }}
{{- if ge (int $pdb.minAvailable) (int .count.fewest) }}
{{ .component }}: pdb.minAvailable ({{ $pdb.minAvailable }}) must be below the fewest replicas ({{ .count.fewest }}), or no node can be drained
{{- end }}
{{- end }}
{{- $needed := add .own.preStopSeconds 30 }}
{{- if lt (int .own.terminationGracePeriodSeconds) (int $needed) }}
{{ .component }}: terminationGracePeriodSeconds ({{ .own.terminationGracePeriodSeconds }}) must be at least {{ $needed }}: preStopSeconds and the 30 s of a drain
{{- end }}
{{- end }}

{{- define "errand.validate.connections" -}}
{{- $needed := 5 }}
{{- $parts := list }}
{{- range $component := list "auth" "tasks" }}
{{- $own := mergeOverwrite (deepCopy $.Values.defaults) (index $.Values $component) }}
{{- if $own.enabled }}
{{- $replicas := (include "errand.replicas" $own | fromYaml).replacing }}
{{- $each := add ($own.settings.DATABASE_CONNECTIONS) (eq $component "tasks" | ternary 5 3) }}
{{- $needed = add $needed (mul $each $replicas) }}
{{- $parts = append $parts (printf "%v of %v for %s" $replicas $each $component) }}
{{- end }}
{{- end }}
{{- if gt (int $needed) (int .Values.database.maxConnections) }}
database.maxConnections ({{ .Values.database.maxConnections }}) is below the {{ $needed }} connections that there may be while pods are replaced: {{ join ", " $parts }}, 5 for migrations and administrators
{{- end }}
{{- end }}

{{- define "errand.validate.database" -}}
{{- $external := .Values.database.external }}
{{- if eq .Values.database.mode "external" }}
{{- if and (eq .Values.secrets.mode "generate") (not $external.existingSecret) (or .Values.auth.enabled .Values.tasks.enabled) }}
database.mode is external: database.external.existingSecret must name the Secret with the databases' URLs
{{- end }}
{{- else if eq .Values.secrets.mode "vault" }}
secrets.mode is vault: the bundled database cannot read its password there; set database.mode to external
{{- end }}
{{- end }}

{{- define "errand.validate.secrets" -}}
{{- $secrets := .Values.secrets }}
{{- if and (eq $secrets.mode "existing") (not $secrets.existingSecret) }}
secrets.mode is existing: secrets.existingSecret must name the Secret
{{- end }}
{{- if and (eq $secrets.mode "external") (not $secrets.external.secretStoreRef) }}
secrets.mode is external: secrets.external.secretStoreRef must name the store
{{- end }}
{{- if and (eq $secrets.mode "vault") (not $secrets.vault.role) }}
secrets.mode is vault: secrets.vault.role must name the role
{{- end }}
{{- end }}

{{- define "errand.validate.tls" -}}
{{- $internal := .Values.tls.internal }}
{{- if and (eq $internal.mode "certManager") (not $internal.certManager.issuerRef) (not $internal.certManager.createCA) }}
tls.internal.mode is certManager: set issuerRef, or createCA to true
{{- end }}
{{- range $peer, $url := .Values.endpoints }}
{{- if and $url (ne (hasPrefix "https://" $url) (ne $internal.mode "disabled")) }}
endpoints.{{ $peer }} is {{ $url }}: it has to begin with https:// if tls.internal is on, and with http:// if it is not
{{- end }}
{{- end }}
{{- if and .Values.route.grpc.enabled (ne $internal.mode "disabled") }}
route.grpc cannot reach tasks, which takes no caller without a certificate of tls.internal
{{- end }}
{{- end }}

{{- define "errand.validate.routes" -}}
{{- range $kind, $route := .Values.route }}
{{- if and $route.enabled (not $route.parentRefs) }}
route.{{ $kind }}.enabled needs parentRefs: the Gateways that it belongs to
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
ingress.enabled needs a host
{{- end }}
{{- if and .Values.ingress.enabled .Values.route.http.enabled (has .Values.ingress.host .Values.route.http.hostnames) }}
ingress and route.http both serve {{ .Values.ingress.host }}: turn one of them off
{{- end }}
{{- end }}

{{- define "errand.validate.metrics" -}}
{{- range list "report" "gate" }}
{{- if and (get $.Values.metrics .).enabled (not $.Values.metrics.prometheus) }}
metrics.{{ . }} asks Prometheus: give its URL as metrics.prometheus
{{- end }}
{{- end }}
{{- end }}
