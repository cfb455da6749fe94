{{/* What KEDA needs to look at consumer lag. Its operator is in a namespace of its own. */}}

{{- define "mercato.keda.bootstrap" -}}
{{- $kafka := include "mercato.kafka" . | fromYaml -}}
{{- if or (eq .Values.kafka.mode "external") (contains ".svc:" $kafka.bootstrap) }}{{ $kafka.bootstrap }}{{ else }}{{ $kafka.bootstrap | replace ":" (printf ".%s.svc:" .Release.Namespace) }}{{ end -}}
{{- end }}

{{/* Whether the brokers ask for a password, or show a certificate that only their own authority vouches for. */}}
{{- define "mercato.keda.authenticates" -}}
{{- $kafka := include "mercato.kafka" . | fromYaml -}}
{{- if or (hasPrefix "SASL_" $kafka.protocol) $kafka.caSecret }}true{{ end -}}
{{- end }}
