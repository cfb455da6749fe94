{{/* Labels, images, and the settings of one component. Each takes {root, name}, name = the component. */}}

{{- define "mercato.selector" -}}
{{ include "mercato.release" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{/* Labels of all pods of the release. */}}
{{- define "mercato.release" -}}
app.kubernetes.io/name: mercato
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "mercato.labels" -}}
{{ include "mercato.selector" . }}
app.kubernetes.io/part-of: mercato
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* `object` is the object's name where it is not the component's. */}}
{{- define "mercato.metadata" -}}
name: {{ (.object | default .name) | quote }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "mercato.labels" . | nindent 2 }}
{{- end }}

{{/* {root, image}: the reference of an image. */}}
{{- define "mercato.image" -}}
{{- $images := .root.Values.images -}}
{{- with index $images.overrides .image -}}
{{ . }}
{{- else -}}
{{ with $images.registry }}{{ trimSuffix "/" . }}/{{ end }}mercato-{{ .image }}:{{ $images.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The component's settings as YAML: `defaults`, overruled by `components.<name>`. Jobs share `components.jobs`. */}}
{{- define "mercato.component" -}}
{{- $key := has .name (list "setup" "databases" "release" "smoke") | ternary "jobs" .name -}}
{{- $component := deepCopy .root.Values.defaults -}}
{{- include "mercato.overruled" (dict "base" $component "by" (index .root.Values.components $key)) -}}
{{- toYaml $component -}}
{{- end }}

{{/* Whether the component is scaled automatically: `true` or empty. */}}
{{- define "mercato.scaled" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
{{- if and (ne .root.Values.autoscaling.mode "none") $component.autoscaling.enabled }}true{{ end -}}
{{- end }}
