{{/*
A Job that is named by its content: what changed is another Job, since one cannot be changed, and what did not is left alone.
Takes a dict of root, component, name, spec (text of the pod's spec), annotations, backoffLimit and ttl.
*/}}
{{- define "errand.job" -}}
apiVersion: batch/v1
kind: Job
metadata: {{- include "errand.metadata" (list .root .component (printf "%s-%s" .name (.spec | sha256sum | trunc 8)) .annotations) | nindent 2 }}
spec:
  backoffLimit: {{ .backoffLimit }}
  {{- if not (kindIs "invalid" .ttl) }}
  ttlSecondsAfterFinished: {{ .ttl }}
  {{- end }}
  template:
    metadata:
      labels: {{- include "errand.podLabels" (list .root .component) | nindent 8 }}
      {{- with .podAnnotations }}
      annotations: {{- . | trim | nindent 8 }}
      {{- end }}
    spec: {{- .spec | nindent 6 }}
{{- end }}

{{/* Brings the schema of a service up to date. */}}
{{- define "errand.migration" -}}
{{- $migrations := .root.Values.migrations }}
{{- if eq $migrations.mode "job" }}
{{- include "errand.job" (dict "root" .root "component" "migration" "name" (printf "%s-migrate" .name) "annotations" $migrations.annotations
  "backoffLimit" $migrations.backoffLimit "ttl" $migrations.ttlSecondsAfterFinished "spec" (include "errand.migration.pod" .)
  "podAnnotations" (include "errand.secrets.annotations" .)) }}
{{- end }}
{{- end }}

{{- define "errand.migration.pod" -}}
{{ include "errand.pod" (list .root .own.podSecurityContext) }}
serviceAccountName: {{ include "errand.account.name" . }}
automountServiceAccountToken: {{ eq .root.Values.secrets.mode "vault" }}
restartPolicy: OnFailure
containers:
  - name: migrate
    image: {{ include "errand.image" (list .root .own.image) }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args: [migrate]
    securityContext: {{- toYaml .own.securityContext | nindent 6 }}
    env: {{- include "errand.secrets.environment" . | trim | nindent 6 }}
    terminationMessagePolicy: FallbackToLogsOnError
    resources: {{- toYaml .root.Values.migrations.resources | nindent 6 }}
    volumeMounts: {{- include "errand.secrets.mounts" . | trim | nindent 6 }}
volumes: {{- include "errand.secrets.volumes" . | trim | nindent 2 }}
{{- include "errand.pod.scheduling" (merge (dict "own" (merge (dict "topologySpread" "none") .own)) .) }}
{{- end }}
