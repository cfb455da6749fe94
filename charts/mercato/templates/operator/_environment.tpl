{{/*
What the operator is told: what every service is, and hands on to those it makes; which objects it sees to; and of the
platform what those need to know. {root, name}
*/}}
{{- define "mercato.environment.operator" -}}
{{- $values := .root.Values -}}
{{ include "mercato.environment.service" . }}
- {name: MERCATO_NAMESPACES, value: {{ $values.operator.namespaces | toJson | quote }}}
{{ include "mercato.environment.operator.pods" .root }}
{{ include "mercato.environment.operator.kafka" .root }}
{{- include "mercato.environment.operator.postgres" .root }}
{{ include "mercato.environment.operator.network" .root }}
- {name: MERCATO_ROUTES, value: {{ include "mercato.operator.routes" .root }}}
{{- if $values.serviceMonitor.enabled }}
- {name: MERCATO_SERVICE_MONITOR, value: "true"}
- {name: MERCATO_SERVICE_MONITOR_INTERVAL, value: {{ $values.serviceMonitor.interval | quote }}}
- {name: MERCATO_SERVICE_MONITOR_LABELS, value: {{ $values.serviceMonitor.labels | toJson | quote }}}
{{- end }}
{{- end }}

{{/* How pods come up and end. */}}
{{- define "mercato.environment.operator.pods" -}}
- {name: MERCATO_IMAGE_PULL_POLICY, value: {{ .Values.images.pullPolicy }}}
- {name: MERCATO_IMAGE_PULL_SECRETS, value: {{ .Values.images.pullSecrets | toJson | quote }}}
- {name: MERCATO_PRE_STOP_SECONDS, value: {{ int64 .Values.defaults.preStopSeconds | quote }}}
- {name: MERCATO_TERMINATION_SECONDS, value: {{ int64 .Values.defaults.terminationGracePeriodSeconds | quote }}}
- {name: MERCATO_POD_SECURITY_CONTEXT, value: {{ .Values.defaults.podSecurityContext | toJson | quote }}}
- {name: MERCATO_CONTAINER_SECURITY_CONTEXT, value: {{ .Values.defaults.containerSecurityContext | toJson | quote }}}
{{- end }}

{{- define "mercato.environment.operator.kafka" -}}
{{- $kafka := include "mercato.kafka" . | fromYaml -}}
{{- $user := include "mercato.operator.kafkaUser" . -}}
- {name: MERCATO_TOPICS_BACKEND, value: {{ include "mercato.operator.topics" . }}}
{{- if $user }}
{{ include "mercato.environment.kafka" (dict "root" . "as" $user) }}
{{- else }}
{{ include "mercato.environment.kafkaAddress" . }}
- {name: MERCATO_KAFKA_ADMIN, value: "false"}
{{- end }}
{{- if eq .Values.kafka.mode "strimzi" }}
- {name: MERCATO_STRIMZI_CLUSTER, value: {{ .Values.kafka.strimzi.clusterName | quote }}}
- {name: MERCATO_STRIMZI_NAMESPACE, value: {{ include "mercato.strimzi.namespace" . | quote }}}
- {name: MERCATO_KAFKA_OBSERVER, value: {{ $user | quote }}}
{{- end }}
{{- if hasPrefix "SASL_" $kafka.protocol }}
- {name: MERCATO_KAFKA_USERS_SECRET, value: {{ include "mercato.secret.kafka" . | quote }}}
{{- end }}
{{- if include "mercato.operator.managesUsers" . }}
- {name: MERCATO_KAFKA_USERS_DIRECTORY, value: /etc/mercato/kafka-users}
{{- else }}
- {name: MERCATO_KAFKA_MANAGES_USERS, value: "false"}
- {name: MERCATO_KAFKA_SHARED_USER, value: {{ $kafka.username | quote }}}
{{- end }}
- {name: MERCATO_KAFKA_CA_SECRET, value: {{ $kafka.caSecret | quote }}}
{{- $peers := dict
  "bundled" (include "mercato.network.peer" (dict "root" . "name" "kafka") | fromYaml)
  "strimzi" (include "mercato.network.strimzi" . | fromYaml) }}
- {name: MERCATO_KAFKA_PEER, value: {{ get $peers .Values.kafka.mode | default dict | toJson | quote }}}
{{- end }}

{{- define "mercato.environment.operator.postgres" -}}
{{- $external := .Values.postgres.external -}}
{{- if eq .Values.postgres.mode "bundled" }}
- {name: MERCATO_POSTGRES_HOST, value: postgres}
- {name: MERCATO_POSTGRES_PEER, value: {{ include "mercato.network.peer" (dict "root" . "name" "postgres") | fromYaml | toJson | quote }}}
# Nobody else's databases are there, so that new roles can be kept out of all but their own.
- {name: MERCATO_POSTGRES_EXCLUSIVE, value: "true"}
- {name: MERCATO_POSTGRES_ADMIN_USERNAME, value: postgres}
- name: MERCATO_POSTGRES_ADMIN_PASSWORD
  {{- include "mercato.fromSecret" (dict "name" (include "mercato.secret.databases" .) "key" "postgres") | nindent 2 }}
{{- else }}
- {name: MERCATO_POSTGRES_HOST, value: {{ $external.host | quote }}}
- {name: MERCATO_POSTGRES_PORT, value: {{ $external.port | quote }}}
- {name: MERCATO_POSTGRES_SSL_MODE, value: {{ $external.sslMode }}}
- {name: MERCATO_POSTGRES_CA_SECRET, value: {{ $external.caSecret | quote }}}
{{- with $external.adminSecret }}
- name: MERCATO_POSTGRES_ADMIN_USERNAME
  {{- include "mercato.fromSecret" (dict "name" . "key" "username") | nindent 2 }}
- name: MERCATO_POSTGRES_ADMIN_PASSWORD
  {{- include "mercato.fromSecret" (dict "name" . "key" "password") | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Who may speak to whom: what the policies of the chart say, for those of the services that it makes. */}}
{{- define "mercato.environment.operator.network" -}}
{{- $policy := .Values.networkPolicy -}}
- {name: MERCATO_NETWORK_POLICY, value: {{ $policy.enabled | quote }}}
{{- if $policy.enabled }}
- {name: MERCATO_PLATFORM_LABELS, value: {{ include "mercato.release" . | fromYaml | toJson | quote }}}
- {name: MERCATO_METRICS_FROM, value: {{ $policy.metricsFrom | toJson | quote }}}
{{- if eq .Values.gateway.mode "gateway-api" }}
- {name: MERCATO_ROUTES_FROM, value: {{ $policy.routesFrom | toJson | quote }}}
{{- end }}
- {name: MERCATO_DNS_TO, value: {{ $policy.dns.to | toJson | quote }}}
- {name: MERCATO_DNS_PORTS, value: {{ $policy.dns.ports | toJson | quote }}}
- {name: MERCATO_EXTERNAL_CIDR, value: {{ $policy.external.cidr | quote }}}
- {name: MERCATO_EXTERNAL_EXCEPT, value: {{ $policy.external.except | toJson | quote }}}
{{- end }}
{{- end }}
