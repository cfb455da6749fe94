{{/*
What the schema cannot say of `defaults` and of each component, as a YAML list of lines that name the value and what to do.
What is wrong by the defaults is told once.
*/}}
{{- define "mercato.validate.components" -}}
{{- $wrong := include "mercato.validate.component" (dict "key" "defaults" "component" .Values.defaults) | trim -}}
{{- $told := splitList "\n" (trimPrefix "defaults" ($wrong | replace "\ndefaults" "\n")) -}}
{{- $all := compact (splitList "\n" $wrong) -}}
{{- range $name, $_ := .Values.components -}}
{{- $key := printf "components.%s" $name -}}
{{- $component := include "mercato.component" (dict "root" $ "name" $name) | fromYaml -}}
{{- range splitList "\n" (include "mercato.validate.component" (dict "key" $key "component" $component) | trim) -}}
{{- if not (has (trimPrefix $key .) $told) }}{{ $all = append $all . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toYaml (compact $all) -}}
{{- end }}

{{/* {key, component} */}}
{{- define "mercato.validate.component" -}}
{{- $component := .component -}}
{{- $key := .key -}}
{{- if gt (int64 $component.autoscaling.minReplicas) (int64 $component.autoscaling.maxReplicas) }}
{{ $key }}.autoscaling.minReplicas is above maxReplicas: lower it
{{- end }}
{{- if ge (int64 $component.preStopSeconds) (int64 $component.terminationGracePeriodSeconds) }}
{{ $key }}.terminationGracePeriodSeconds leaves no time after preStopSeconds: raise it
{{- end }}
{{- range $label := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" }}
{{- if hasKey $component.podLabels $label }}
{{ $key }}.podLabels has {{ $label }}, by which the chart finds its pods: choose another label
{{- end }}
{{- end }}
{{- range $list := list "extraEnv" "extraVolumes" "extraVolumeMounts" }}
{{- $field := eq $list "extraVolumeMounts" | ternary "mountPath" "name" }}
{{- with include "mercato.twice" (dict "list" (index $component $list) "field" $field) }}
{{ $key }}.{{ $list }} has {{ . }} twice: remove one
{{- end }}
{{- end }}
{{- range $variable := $component.extraEnv }}
{{- if and $variable.value $variable.valueFrom }}
{{ $key }}.extraEnv gives {{ $variable.name }} both value and valueFrom: remove one
{{- end }}
{{- end }}
{{- include "mercato.validate.resources" (dict "key" $key "resources" $component.resources) }}
{{- end }}

{{/* {key, resources}: the API server takes no request above its limit. */}}
{{- define "mercato.validate.resources" -}}
{{- range $name, $limit := .resources.limits }}
{{- $request := get ($.resources.requests | default dict) $name }}
{{- if and (not (kindIs "invalid" $limit)) (not (kindIs "invalid" $request)) (ne (toString $request) "") }}
{{- if gt (include "mercato.amount" $request | float64) (include "mercato.amount" $limit | float64) }}
{{ $.key }}.resources.limits.{{ $name }} is below what is requested, {{ $request }}: raise it, or lower requests.{{ $name }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A quantity as a plain number. */}}
{{- define "mercato.amount" -}}
{{- $text := include "mercato.text" . -}}
{{- $suffix := regexFind "[a-zA-Z]+$" $text -}}
{{- $factors := dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18
  "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
{{- mulf (trimSuffix $suffix $text | float64) (get $factors $suffix | default 1 | float64) -}}
{{- end }}

{{/* {list, field}: the first value of the field that is there twice. */}}
{{- define "mercato.twice" -}}
{{- $seen := list -}}
{{- $twice := list -}}
{{- range .list -}}
{{- $value := get . $.field -}}
{{- if has $value $seen }}{{ $twice = append $twice $value }}{{ end -}}
{{- $seen = append $seen $value -}}
{{- end -}}
{{- if $twice }}{{ first $twice }}{{ end -}}
{{- end }}

{{/*
{name, containers, volumes}, lists as text: what is added to a pod must go with what the chart gives it. Answers with the
volumes.
*/}}
{{- define "mercato.validate.pod" -}}
{{- $volumes := .volumes | fromYamlArray -}}
{{- with include "mercato.twice" (dict "list" $volumes "field" "name") -}}
{{- fail (printf "\nextraVolumes has %s, which is a volume of the chart's own in the pods of %s: choose another name" . $.name) -}}
{{- end -}}
{{- $names := list -}}
{{- range $volumes }}{{ $names = append $names .name }}{{ end -}}
{{- range $container := .containers | fromYamlArray -}}
{{- with include "mercato.twice" (dict "list" $container.volumeMounts "field" "mountPath") -}}
{{- fail (printf "\nextraVolumeMounts has %s, where the chart mounts a volume of its own in the pods of %s: choose another mountPath" . $.name) -}}
{{- end -}}
{{- range $container.volumeMounts -}}
{{- if not (has .name $names) -}}
{{- fail (printf "\nextraVolumeMounts names %s, which is no volume in the pods of %s: add it to extraVolumes, or correct it" .name $.name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $volumes -}}
{{- end }}
