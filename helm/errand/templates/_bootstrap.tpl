{{/* Makes the keys that are missing from the Secret. It is the only pod that may speak with the API server. */}}
{{- define "errand.bootstrap.pod" -}}
{{- $keys := .Values.secrets.keys -}}
{{ include "errand.pod" (list . .Values.defaults.podSecurityContext) }}
serviceAccountName: {{ include "errand.fullname" . }}-bootstrap
automountServiceAccountToken: true
restartPolicy: OnFailure
containers:
  - name: bootstrap
    image: {{ include "errand.image" (list . .Values.commands.image) }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    args:
      - secrets
      - ensure
      - --secret
      - {{ include "errand.secrets.name" . }}
      - --label
      - app.kubernetes.io/name={{ include "errand.name" . }}
      - --label
      - app.kubernetes.io/instance={{ .Release.Name }}
      - --label
      - app.kubernetes.io/part-of=errand
      - --key
      - {{ $keys.kek }}=random
      {{- if eq .Values.database.mode "bundled" }}
      - --key
      - {{ $keys.postgresPassword }}=random
      {{- range list "auth" "tasks" }}
      - --key
      - {{ include "errand.secrets.databaseKey" (list $ .) }}=text:postgres://errand:{{ printf "{%s}" $keys.postgresPassword }}@{{ include "errand.fullname" $ }}-postgres:5432/{{ . }}?sslmode=disable
      {{- end }}
      {{- end }}
    securityContext: {{- toYaml .Values.defaults.securityContext | nindent 6 }}
    terminationMessagePolicy: FallbackToLogsOnError
    resources: {{- toYaml .Values.commands.resources | nindent 6 }}
{{- end }}
