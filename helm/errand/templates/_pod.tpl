{{/* What every pod of the chart has in common, Jobs and tests too. Takes (list root podSecurityContext). */}}
{{- define "errand.pod" -}}
enableServiceLinks: false
securityContext: {{- toYaml (last .) | nindent 2 }}
{{- with (first .).Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The pod of a service. */}}
{{- define "errand.pod.service" -}}
{{- $own := .own -}}
{{ include "errand.pod" (list .root $own.podSecurityContext) }}
serviceAccountName: {{ include "errand.account.name" . }}
{{- /* Vault's agent signs in with the account's token. */}}
automountServiceAccountToken: {{ and (eq .root.Values.secrets.mode "vault") (ne .component "gateway") }}
terminationGracePeriodSeconds: {{ $own.terminationGracePeriodSeconds }}
{{- if not (kindIs "invalid" $own.hostUsers) }}
hostUsers: {{ $own.hostUsers }}
{{- end }}
{{- with $own.initContainers }}
initContainers: {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - {{ include "errand.container" . | nindent 4 | trim }}
  {{- with $own.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  - name: config
    configMap: {name: {{ .name }}}
  {{- include "errand.secrets.volumes" . | trim | nindent 2 }}
  {{- include "errand.tls.volumes" . | trim | nindent 2 }}
  {{- with $own.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- include "errand.pod.scheduling" . }}
{{- end }}

{{- define "errand.container" -}}
{{- $own := .own -}}
name: {{ .component }}
image: {{ include "errand.image" (list .root $own.image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext: {{- toYaml $own.securityContext | nindent 2 }}
env: {{- include "errand.environment" . | nindent 2 }}
{{- with $own.extraEnvFrom }}
envFrom: {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - {name: {{ .protocol }}, containerPort: {{ .port }}}
  - {name: admin, containerPort: 9090}
{{- range $kind, $probe := $own.probes }}
{{- with $probe }}
{{ $kind }}Probe: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with $own.preStopSeconds }}
lifecycle:
  preStop: {sleep: {seconds: {{ . }}}}
{{- end }}
terminationMessagePolicy: FallbackToLogsOnError
resources: {{- toYaml $own.resources | nindent 2 }}
volumeMounts:
  - {name: config, mountPath: /etc/errand/config, readOnly: true}
  {{- include "errand.secrets.mounts" . | trim | nindent 2 }}
  {{- include "errand.tls.mounts" . | trim | nindent 2 }}
  {{- with $own.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "errand.pod.scheduling" -}}
{{- range $key := list "affinity" "nodeSelector" "tolerations" "priorityClassName" "runtimeClassName" "hostAliases" "dnsConfig" }}
{{- with index $.own $key }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- if ne .own.topologySpread "none" }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: {{ eq $.own.topologySpread "hard" | ternary "DoNotSchedule" "ScheduleAnyway" }}
    labelSelector: {matchLabels: {{ include "errand.selector" (list $.root $.component) | fromYaml | toJson }}}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end }}
