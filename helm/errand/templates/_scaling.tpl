{{/* The autoscaler of a service: a HorizontalPodAutoscaler or a ScaledObject. */}}
{{- define "errand.scaling" -}}
{{- $mode := .own.autoscaling.mode }}
{{- if eq $mode "hpa" }}{{ include "errand.scaling.hpa" . }}{{ end }}
{{- if eq $mode "keda" }}{{ include "errand.scaling.keda" . }}{{ end }}
{{- end }}

{{- define "errand.scaling.hpa" -}}
{{- $scaling := .own.autoscaling -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{- include "errand.metadata" (list .root .component .name) | nindent 2 }}
spec:
  scaleTargetRef: {{- include "errand.scaling.target" . | nindent 4 }}
  minReplicas: {{ $scaling.minReplicas }}
  maxReplicas: {{ $scaling.maxReplicas }}
  metrics:
    {{- with $scaling.targetCPU }}
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ . }}}}
    {{- end }}
    {{- with $scaling.targetMemory }}
    - type: Resource
      resource: {name: memory, target: {type: Utilization, averageUtilization: {{ . }}}}
    {{- end }}
    {{- with $scaling.metrics }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  behavior: {{- include "errand.scaling.behavior" $scaling | nindent 4 }}
{{- end }}

{{- define "errand.scaling.keda" -}}
{{- $scaling := .own.autoscaling -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{- include "errand.metadata" (list .root .component .name) | nindent 2 }}
spec:
  scaleTargetRef: {{- include "errand.scaling.target" . | nindent 4 }}
  minReplicaCount: {{ $scaling.minReplicas }}
  maxReplicaCount: {{ $scaling.maxReplicas }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{- include "errand.scaling.behavior" $scaling | nindent 8 }}
  {{- with $scaling.fallback }}
  fallback: {{- toYaml . | nindent 4 }}
  {{- end }}
  triggers:
    {{- with $scaling.triggers }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    - {type: cpu, metricType: Utilization, metadata: {value: {{ $scaling.targetCPU | quote }}}}
    {{- end }}
{{- end }}

{{- define "errand.scaling.target" -}}
{{- with .own.autoscaling.targetRef }}
{{- toYaml . }}
{{- else -}}
apiVersion: apps/v1
kind: Deployment
name: {{ .name }}
{{- end }}
{{- end }}

{{- define "errand.scaling.behavior" -}}
{{- with .behavior }}
{{- toYaml . }}
{{- else -}}
scaleUp:
  {{- if eq .profile "steady" }}
  stabilizationWindowSeconds: 300
  policies: [{type: Pods, value: 4, periodSeconds: 60}]
  {{- else }}
  stabilizationWindowSeconds: 0
  selectPolicy: Max
  policies: [{type: Percent, value: 100, periodSeconds: 15}, {type: Pods, value: 4, periodSeconds: 15}]
  {{- end }}
scaleDown:
  stabilizationWindowSeconds: 300
  policies: [{type: Pods, value: 4, periodSeconds: 60}]
{{- end }}
{{- end }}

{{/* The PodDisruptionBudget of a service. */}}
{{- define "errand.pdb" -}}
{{- $pdb := .own.pdb -}}
{{- if $pdb.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{- include "errand.metadata" (list .root .component .name) | nindent 2 }}
spec:
  {{- if kindIs "invalid" $pdb.minAvailable }}
  maxUnavailable: {{ $pdb.maxUnavailable }}
  {{- else }}
  minAvailable: {{ $pdb.minAvailable }}
  {{- end }}
  unhealthyPodEvictionPolicy: {{ $pdb.unhealthyPodEvictionPolicy }}
  selector:
    matchLabels: {{- include "errand.selector" (list .root .component) | nindent 6 }}
{{- end }}
{{- end }}
