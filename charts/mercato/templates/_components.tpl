{{/*
What is installed with these values, and what each part is, as YAML:
  workload   Deployment or StatefulSet, Job or CronJob (not one of their pods stays)
  ports      of its Service: name → [port, container port]; `metrics: true` adds 9090
  instancePort   the port at which discovery lists its pods, where it is not `http`
  database, kafka   it has a role and a database, or a user, of its own name
  settings   it tells in /readyz which of its settings wait for a restart
  api        it speaks to the API server, and has a token for it
  outside    what it may reach beyond the platform's pods
*/}}
{{- define "mercato.components" -}}
{{- $values := .Values -}}
{{- $builtin := eq $values.gateway.mode "builtin" -}}
{{- range $name := list "customer" "product" "order" "payment" "notification" }}
{{ $name }}: {workload: Deployment, ports: {http: [80, 8080]}, metrics: true, settings: true, database: true, kafka: {{ ne $name "customer" }}}
{{- end }}
config: {workload: Deployment, ports: {http: [80, 8080]}, metrics: true, api: true}
discovery: {workload: Deployment, ports: {http: [80, 8080]}, metrics: true, settings: true, api: {{ eq $values.discovery.backend "endpointslices" }}}
{{- if $builtin }}
gateway:
  workload: Deployment
  ports: {http: [80, 8080], control: [8081, 8081]{{ if $values.gateway.tls.secretName }}, https: [443, 8443]{{ end }}}
  instancePort: control
  metrics: true
  api: {{ ne $values.gateway.source "files" }}
{{- end }}
{{- if eq $values.payment.mode "simulator" }}
simulator: {workload: Deployment, ports: {http: [80, 8080]}, metrics: true, database: true}
{{- end }}
{{- if eq $values.mail.mode "bundled" }}
mail: {workload: StatefulSet, ports: {http: [80, 8080], smtp: [25, 1025]}, metrics: true}
{{- end }}
{{- if eq $values.kafka.mode "bundled" }}
kafka: {workload: StatefulSet, ports: {sasl: [9092, 9092]}}
{{- end }}
{{- if eq $values.postgres.mode "bundled" }}
postgres: {workload: StatefulSet, ports: {postgresql: [5432, 5432]}}
{{- end }}
operator: {workload: Deployment, ports: {http: [80, 8080]}, metrics: true, api: true}
release: {workload: Job, api: true}
{{- if $values.setup.enabled }}
setup: {workload: Job, api: true}
{{- end }}
{{- if include "mercato.makesDatabases" . }}
databases: {workload: Job}
{{- end }}
{{- if $builtin }}
smoke: {workload: Job}
{{- end }}
{{- if $values.toolbox.enabled }}
toolbox: {workload: CronJob}
{{- end }}
{{- end }}

{{/* {root, name}: whether a component speaks to PostgreSQL, or to Kafka: a service, or what serves them all. */}}
{{- define "mercato.usesPostgres" -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
{{- if or $facts.database (has .name (list "databases" "toolbox")) (and (eq .name "operator") (include "mercato.makesDatabases" .root)) }}true{{ end -}}
{{- end }}

{{- define "mercato.usesKafka" -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
{{- if or $facts.kafka (eq .name "toolbox") (and (eq .name "operator") (include "mercato.operator.kafkaUser" .root)) }}true{{ end -}}
{{- end }}

{{- define "mercato.makesDatabases" -}}
{{- if or (eq .Values.postgres.mode "bundled") .Values.postgres.external.adminSecret }}true{{ end -}}
{{- end }}

{{/* How the operator brings topics about: `admin`, `strimzi`, or `none` where it may not. */}}
{{- define "mercato.operator.topics" -}}
{{- if eq .Values.kafka.mode "strimzi" }}strimzi{{ else if include "mercato.operator.kafkaUser" . }}admin{{ else }}none{{ end -}}
{{- end }}

{{/*
Whom the operator signs in to Kafka as: who may do everything; beside Strimzi, which does it, the toolbox's user, who may
look at everything. Empty: nobody.
*/}}
{{- define "mercato.operator.kafkaUser" -}}
{{- if eq .Values.kafka.mode "bundled" }}admin
{{- else if eq .Values.kafka.mode "external" }}{{ .Values.kafka.external.adminUsername }}
{{- else if .Values.toolbox.enabled }}toolbox{{ end -}}
{{- end }}

{{/* Whether Kafka's users and their rights are the operator's. */}}
{{- define "mercato.operator.managesUsers" -}}
{{- if or (ne .Values.kafka.mode "external") .Values.kafka.external.manageUsers }}true{{ end -}}
{{- end }}

{{/* How the gateway is told of routes that are not the chart's: `configmap`, `httproute`, or `none`. */}}
{{- define "mercato.operator.routes" -}}
{{- if or (eq .Values.gateway.mode "gateway-api") (eq .Values.gateway.source "kubernetes") }}httproute
{{- else if eq .Values.gateway.source "configmap" }}configmap{{ else }}none{{ end -}}
{{- end }}

{{/* Names of the roles, one for each service with a database. */}}
{{- define "mercato.roles" -}}
{{- range $name, $component := include "mercato.components" . | fromYaml }}
{{- if $component.database }}
- {{ $name }}
{{- end }}
{{- end }}
{{- end }}
