{{/* Which Secret holds what: the one that was given, else the one the setup Job makes. */}}
{{- define "mercato.secret.databases" }}{{ .Values.postgres.existingSecret | default "mercato-databases" }}{{ end }}
{{- define "mercato.secret.kafka" }}{{ .Values.kafka.existingSecret | default "mercato-kafka" }}{{ end }}
{{- define "mercato.secret.payment" }}{{ .Values.payment.existingSecret | default "mercato-payment" }}{{ end }}
{{- define "mercato.secret.admin" }}{{ .Values.admin.existingSecret | default "mercato-admin" }}{{ end }}
{{- define "mercato.secret.signingKeys" }}{{ .Values.oidc.signingKeysSecret | default "mercato-signing-keys" }}{{ end }}
{{- define "mercato.secret.refresh" }}{{ .Values.oidc.refreshSecret | default "mercato-refresh" }}{{ end }}

{{/* {name, key}: the source of one environment variable. */}}
{{- define "mercato.fromSecret" -}}
valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .key | quote }}}}
{{- end }}

{{/*
The Secrets the setup Job sees to, as YAML: Secret → key → how its value is made. A Secret that was given is not among
them, and none that the chosen modes do not need.
*/}}
{{- define "mercato.madeSecrets" -}}
{{- $values := .Values }}
{{- if not $values.postgres.existingSecret }}
mercato-databases:
  {{- if eq $values.postgres.mode "bundled" }}
  postgres: {generate: password}
  {{- end }}
  {{- range include "mercato.roles" . | fromYamlArray }}
  {{ . }}: {generate: password}
  {{- end }}
{{- end }}
{{- if and (ne $values.kafka.mode "external") (not $values.kafka.existingSecret) }}
mercato-kafka:
  {{- if eq $values.kafka.mode "bundled" }}
  admin: {generate: password}
  cluster-id: {generate: kafka-cluster-id}
  {{- end }}
  {{- range $name, $component := include "mercato.components" . | fromYaml }}
  {{- if $component.kafka }}
  {{ $name }}: {generate: password}
  {{- end }}
  {{- end }}
  {{- if and (eq $values.kafka.mode "strimzi") $values.toolbox.enabled }}
  toolbox: {generate: password}
  {{- end }}
{{- end }}
{{- if not $values.payment.existingSecret }}
mercato-payment:
  api-key: {generate: stripe-api-key}
  webhook-secret: {generate: stripe-webhook-secret}
{{- end }}
{{- if not $values.oidc.signingKeysSecret }}
mercato-signing-keys:
  {{- range $generation := untilStep 1 (int (add $values.oidc.signingKeyGeneration 2)) 1 }}
  "{{ $generation }}": {generate: signing-key}
  {{- end }}
{{- end }}
{{- if not $values.oidc.refreshSecret }}
mercato-refresh:
  refresh-secret: {generate: password}
{{- end }}
{{- if not $values.admin.existingSecret }}
mercato-admin:
  email: {value: {{ $values.admin.email | quote }}}
  password: {generate: password}
{{- end }}
{{- end }}
