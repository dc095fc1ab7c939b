{{/* The chart's name, shortened so that a component's still fits behind it. */}}
{{- define "errand.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* What every object's name begins with. */}}
{{- define "errand.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "errand.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "errand.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What never changes: selectors consist of these and nothing else. Takes (list root component). */}}
{{- define "errand.selector" -}}
app.kubernetes.io/name: {{ include "errand.name" (first .) }}
app.kubernetes.io/instance: {{ (first .).Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end }}

{{/* The labels of a pod. They say no version, so that a new chart alone replaces no pod. Takes (list root component). */}}
{{- define "errand.podLabels" -}}
{{ include "errand.selector" . }}
app.kubernetes.io/part-of: errand
{{- with (first .).Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The labels of an object. Takes (list root component). */}}
{{- define "errand.labels" -}}
{{- $root := first . -}}
{{ include "errand.podLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The metadata of an object. Takes (list root component name annotations?). */}}
{{- define "errand.metadata" -}}
{{- $root := first . -}}
name: {{ index . 2 }}
labels: {{- include "errand.labels" (list $root (index . 1)) | nindent 2 }}
{{- $own := dict -}}
{{- if gt (len .) 3 }}{{ $own = index . 3 }}{{ end }}
{{- with merge dict $own $root.Values.commonAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
Renders a named template for a service, if that is enabled. Takes (list root service template), and hands on its scope:
root, component, name (of its objects), port, protocol, and own: the defaults with what the service says for itself.
*/}}
{{- define "errand.of" -}}
{{- $root := index . 0 }}
{{- $component := index . 1 }}
{{- $scope := include "errand.facts" $component | fromYaml }}
{{- $own := mergeOverwrite (deepCopy $root.Values.defaults) (index $root.Values $component) }}
{{- $name := printf "%s-%s" (include "errand.fullname" $root) $component }}
{{- if $own.enabled }}
{{- include (index . 2) (merge (dict "root" $root "component" $component "name" $name "own" $own) $scope) }}
{{- end }}
{{- end }}

{{/* What the binaries decide. */}}
{{- define "errand.facts" -}}
{{- $port := get (dict "gateway" 8080 "auth" 50051 "tasks" 50052) . -}}
port: {{ $port }}
protocol: {{ eq . "gateway" | ternary "http" "grpc" }}
{{- end }}
