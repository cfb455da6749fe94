{{/*
Every template begins with this: what is left out of the values, or null, takes its default. Helm removes a value that is
null and the default with it, a section of which all is commented out for example.
*/}}
{{- define "mercato.defaults" -}}
{{- if not (hasKey . "completed") -}}
{{- include "mercato.completed" (dict "values" .Values "defaults" (.Files.Get "files/values.yaml" | fromYaml)) -}}
{{- $_ := set . "completed" true -}}
{{- end -}}
{{- end }}

{{/* {values, defaults}: changes `values`. Maps whose keys are Kubernetes' own stay as they are given. */}}
{{- define "mercato.completed" -}}
{{- $given := list "requests" "limits" "podSecurityContext" "containerSecurityContext" -}}
{{- range $key, $value := .values -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $.values $key -}}
{{- else if and (kindIs "map" $value) (not (has $key $given)) -}}
{{- $default := get $.defaults $key -}}
{{- include "mercato.completed" (dict "values" $value "defaults" (kindIs "map" $default | ternary $default dict)) -}}
{{- end -}}
{{- end -}}
{{- range $key, $default := .defaults -}}
{{- if not (hasKey $.values $key) -}}
{{- $_ := set $.values $key (deepCopy $default) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* {base, by}: changes `base`. What is null is removed. */}}
{{- define "mercato.overruled" -}}
{{- range $key, $value := .by -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $.base $key -}}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $.base $key)) -}}
{{- include "mercato.overruled" (dict "base" (get $.base $key) "by" $value) -}}
{{- else -}}
{{- $_ := set $.base $key $value -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* A value as text: a whole number in digits, however large. */}}
{{- define "mercato.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end -}}
{{- end }}

{{/* {env, extra}: a list of `env` entries as text, and those of the values, which take the place of one of the same name. */}}
{{- define "mercato.env" -}}
{{- $names := list -}}
{{- range .extra }}{{ $names = append $names .name }}{{ end -}}
{{- $entries := list -}}
{{- range .env | fromYamlArray }}{{ if not (has .name $names) }}{{ $entries = append $entries . }}{{ end }}{{ end -}}
{{- toYaml (concat $entries (.extra | default list)) -}}
{{- end }}
