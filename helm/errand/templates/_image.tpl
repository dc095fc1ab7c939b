{{/* The reference of an image. Takes (list root image): the image's own values win over `image`, the mirror over both. */}}
{{- define "errand.image" -}}
{{- $root := first . }}
{{- $image := last . }}
{{- $registry := coalesce $root.Values.global.imageRegistry $image.registry $root.Values.image.registry }}
{{- $tag := coalesce $image.tag $root.Values.image.tag $root.Chart.AppVersion }}
{{- include "errand.image.reference" (dict "registry" $registry "repository" $image.repository "tag" $tag "digest" $image.digest) }}
{{- end }}

{{/* The same for the bundled database, which is none of our images. */}}
{{- define "errand.image.postgres" -}}
{{- $image := .Values.database.bundled.image }}
{{- $registry := coalesce .Values.global.imageRegistry $image.registry }}
{{- include "errand.image.reference" (dict "registry" $registry "repository" $image.repository "tag" $image.tag "digest" $image.digest) }}
{{- end }}

{{- define "errand.image.reference" -}}
{{- with .registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
