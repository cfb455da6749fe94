{{/* The environment of a service, as a list of `env` entries. Each takes {root, name}. */}}

{{- define "mercato.environment" -}}
{{- if eq .name "operator" }}{{ include "mercato.environment.operator" . }}{{ else }}{{ include "mercato.environment.service" . }}{{ end -}}
{{- end }}

{{- define "mercato.environment.service" -}}
{{- $values := .root.Values -}}
{{- $component := index (include "mercato.components" .root | fromYaml) .name -}}
- {name: MERCATO_PROFILES, value: kubernetes}
- {name: MERCATO_ISSUER, value: {{ include "mercato.issuer" .root | quote }}}
- {name: MERCATO_AUDIENCE, value: {{ $values.oidc.audience | quote }}}
- {name: MERCATO_CLAIM_ROLES, value: {{ $values.oidc.rolesClaim | quote }}}
- {name: MERCATO_CLAIM_EMAIL, value: {{ $values.oidc.emailClaim | quote }}}
- {name: MERCATO_CLAIM_NAME, value: {{ $values.oidc.nameClaim | quote }}}
- {name: MERCATO_JWKS_URL, value: {{ $values.oidc.jwksUrl | default "http://customer/.well-known/jwks.json" | quote }}}
{{- if not (has .name (list "config" "simulator" "mail")) }}
- {name: MERCATO_CONFIG_URL, value: "http://config"}
{{- end }}
{{- with $values.telemetry.otlpEndpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- if $component.database }}
{{ include "mercato.environment.database" . }}
{{- end }}
{{- if $component.kafka }}
{{ include "mercato.environment.kafka" (dict "root" .root "user" .name) }}
{{- end }}
{{- end }}

{{/* The password goes by libpq's own variable: inside the URL its characters would need escaping. */}}
{{- define "mercato.environment.database" -}}
- {name: MERCATO_DATABASE_URL, value: "postgresql://{{ .name }}@{{ include "mercato.postgres.address" .root }}/{{ .name }}"}
- name: PGPASSWORD
  {{- include "mercato.fromSecret" (dict "name" (include "mercato.secret.databases" .root) "key" .name) | nindent 2 }}
{{- include "mercato.environment.postgresTls" .root }}
{{- end }}

{{- define "mercato.postgres.address" -}}
{{- if eq .Values.postgres.mode "bundled" }}postgres:5432{{ else }}{{ .Values.postgres.external.host }}:{{ .Values.postgres.external.port }}{{ end -}}
{{- end }}

{{- define "mercato.environment.postgresTls" -}}
{{- if eq .Values.postgres.mode "external" }}
- {name: PGSSLMODE, value: {{ .Values.postgres.external.sslMode }}}
{{- if .Values.postgres.external.caSecret }}
- {name: PGSSLROOTCERT, value: /etc/mercato/postgres-ca/ca.crt}
{{- end }}
{{- end }}
{{- end }}

{{/* {root, user}: how a Kafka client connects; without a user it does not sign in. `as`: whatever `username` says. */}}
{{- define "mercato.environment.kafka" -}}
{{- $kafka := include "mercato.kafka" .root | fromYaml -}}
{{ include "mercato.environment.kafkaAddress" .root }}
{{- if hasPrefix "SASL_" $kafka.protocol }}
{{- $user := .as | default ($kafka.username | default .user) }}
{{- if $user }}
- {name: MERCATO_KAFKA_USERNAME, value: {{ $user | quote }}}
- name: MERCATO_KAFKA_PASSWORD
  {{- include "mercato.fromSecret" (dict "name" (include "mercato.secret.kafka" .root) "key" $user) | nindent 2 }}
{{- end }}
{{- end }}
{{- if $kafka.caSecret }}
- {name: MERCATO_KAFKA_CA_FILE, value: /etc/mercato/kafka-ca/ca.crt}
{{- end }}
{{- end }}

{{/* Where Kafka is, and how a client signs in; not as whom. */}}
{{- define "mercato.environment.kafkaAddress" -}}
{{- $kafka := include "mercato.kafka" . | fromYaml -}}
- {name: MERCATO_KAFKA_BOOTSTRAP, value: {{ $kafka.bootstrap | quote }}}
- {name: MERCATO_KAFKA_SECURITY_PROTOCOL, value: {{ $kafka.protocol }}}
{{- if hasPrefix "SASL_" $kafka.protocol }}
- {name: MERCATO_KAFKA_SASL_MECHANISM, value: {{ $kafka.mechanism }}}
{{- end }}
{{- end }}

{{/* Address and security of Kafka in the chosen mode, as YAML. */}}
{{- define "mercato.kafka" -}}
{{- $kafka := .Values.kafka -}}
{{- if eq $kafka.mode "bundled" -}}
{bootstrap: "kafka:9092", protocol: SASL_PLAINTEXT, mechanism: SCRAM-SHA-512, username: "", caSecret: ""}
{{- else if eq $kafka.mode "strimzi" -}}
bootstrap: {{ $kafka.strimzi.clusterName }}-kafka-bootstrap{{ with $kafka.strimzi.namespace }}.{{ . }}.svc{{ end }}:9093
protocol: SASL_SSL
mechanism: SCRAM-SHA-512
username: ""
caSecret: {{ $kafka.strimzi.clusterName }}-cluster-ca-cert
{{- else -}}
bootstrap: {{ $kafka.external.bootstrap | quote }}
protocol: {{ $kafka.external.securityProtocol }}
mechanism: {{ $kafka.external.saslMechanism }}
username: {{ $kafka.external.username | quote }}
caSecret: {{ $kafka.external.caSecret | quote }}
{{- end -}}
{{- end }}

{{/* Volumes and mounts of the certificate authorities that the environment above names: `mounts` or `volumes`. */}}
{{- define "mercato.authorities" -}}
{{- $postgres := and (include "mercato.usesPostgres" .) (eq .root.Values.postgres.mode "external") .root.Values.postgres.external.caSecret -}}
{{- $kafka := and (include "mercato.usesKafka" .) (include "mercato.kafka" .root | fromYaml).caSecret -}}
{{- range $kind, $secret := dict "postgres" $postgres "kafka" $kafka }}
{{- if $secret }}
{{- if eq $.want "mounts" }}
- {name: {{ $kind }}-ca, mountPath: /etc/mercato/{{ $kind }}-ca, readOnly: true}
{{- else }}
- name: {{ $kind }}-ca
  secret:
    secretName: {{ $secret | quote }}
    items: [{key: ca.crt, path: ca.crt}]
    {{- if and (eq $.name "operator") (eq $kind "kafka") (eq $.root.Values.kafka.mode "strimzi") $.root.Values.kafka.strimzi.namespace }}
    optional: true # it is the operator that copies it
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
