{{/* The flows of files/flows.yaml that exist with these values, as a YAML list. */}}
{{- define "mercato.flows" -}}
{{- $components := include "mercato.components" . | fromYaml -}}
{{- range $flow := (.Files.Get "files/flows.yaml" | fromYaml).flows }}
{{- if and (hasKey $components $flow.from) (hasKey $components $flow.to) (eq ($flow.onlyWith | default $.Values.gateway.mode) $.Values.gateway.mode) }}
- {{ toJson $flow }}
{{- end }}
{{- end }}
{{- end }}

{{/* {root, name}: a NetworkPolicy's peer that is one of the platform's components. */}}
{{- define "mercato.network.peer" -}}
{podSelector: {matchLabels: {{ include "mercato.selector" . | fromYaml | toJson }}}}
{{- end }}

{{/* A NetworkPolicy's peer that is any broker of Strimzi's. */}}
{{- define "mercato.network.strimzi" -}}
podSelector: {matchLabels: {strimzi.io/cluster: {{ .Values.kafka.strimzi.clusterName | quote }}}}
{{- with .Values.kafka.strimzi.namespace }}
namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . | quote }}}}
{{- end }}
{{- end }}

{{/*
{root}: a NetworkPolicy's peer that is any pod the operator made for a CommerceService, wherever it sees to some; its own
policy says where it goes.
*/}}
{{- define "mercato.network.commerceServices" -}}
podSelector: {matchExpressions: [{key: mercato.dev/commerce-service, operator: Exists}]}
{{- with .root.Values.operator.namespaces }}
namespaceSelector:
  matchExpressions:
    - {key: kubernetes.io/metadata.name, operator: In, values: {{ prepend . $.root.Release.Namespace | uniq | toJson }}}
{{- end }}
{{- end }}

{{/* {root, name}: rules for who may come in, as a YAML list. */}}
{{- define "mercato.network.ingress" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
{{- range $flow := include "mercato.flows" .root | fromYamlArray }}
{{- if eq $flow.to $.name }}
- from: [{{ include "mercato.network.peer" (dict "root" $.root "name" $flow.from) }}]
  ports: [{port: {{ $flow.port }}}]
{{- end }}
{{- end }}
{{- $served := dict "config" 8080 "customer" 8080 "kafka" 9092 "postgres" 5432 }}
{{- if hasKey $served .name }}
- from: [{{ include "mercato.network.commerceServices" . | fromYaml | toJson }}]
  ports: [{port: {{ index $served .name }}}]
{{- end }}
{{- if and (eq .name "kafka") (eq .root.Values.autoscaling.mode "keda") }}
{{- with $policy.kedaFrom }}
- from: {{ toJson . }}
  ports: [{port: 9092}]
{{- end }}
{{- end }}
{{- if eq .name "gateway" }}
- ports: [{port: 8080}{{ if .root.Values.gateway.tls.secretName }}, {port: 8443}{{ end }}]
  {{- with $policy.gatewayFrom }}
  from: {{ toJson . }}
  {{- end }}
{{- end }}
{{- if and (eq .root.Values.gateway.mode "gateway-api") (has .name (list "customer" "product" "order" "payment" "notification")) }}
{{- with $policy.routesFrom }}
- from: {{ toJson . }}
  ports: [{port: 8080}]
{{- end }}
{{- end }}
{{- if and $facts.metrics $policy.metricsFrom }}
- from: {{ toJson $policy.metricsFrom }}
  ports: [{port: 9090}]
{{- end }}
{{- end }}

{{/* {root, name}: rules for where it may go, as a YAML list. */}}
{{- define "mercato.network.egress" -}}
{{- include "mercato.network.outside" . }}
{{- if has .name (list "gateway" "operator") }}
{{- /* Each answers on a port of its own choice; the operator asks which settings wait for a restart. */}}
- to: [{{ include "mercato.network.commerceServices" . | fromYaml | toJson }}]
{{- end }}
{{- range $flow := include "mercato.flows" .root | fromYamlArray }}
{{- if eq $flow.from $.name }}
- to: [{{ include "mercato.network.peer" (dict "root" $.root "name" $flow.to) }}]
  ports: [{port: {{ $flow.port }}}]
{{- end }}
{{- end }}
{{- end }}

{{/* Egress to what is not one of the platform's pods. {root, name}; a YAML list of egress rules. */}}
{{- define "mercato.network.outside" -}}
{{- $values := .root.Values -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
- to:
    {{- toYaml $values.networkPolicy.dns.to | nindent 4 }}
  ports:
    {{- range $values.networkPolicy.dns.ports }}
    - {protocol: UDP, port: {{ . }}}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- if $facts.api }}
- to: [{ipBlock: {cidr: {{ $values.networkPolicy.apiServer.cidr | quote }}}}]
  ports:
    {{- range $values.networkPolicy.apiServer.ports }}
    - {port: {{ . }}}
    {{- end }}
{{- end }}
{{- with include "mercato.network.outsidePorts" . | fromYamlArray | uniq }}
- to:
    - ipBlock:
        cidr: {{ $values.networkPolicy.external.cidr | quote }}
        {{- with $values.networkPolicy.external.except }}
        except: {{ toJson . }}
        {{- end }}
  ports:
    {{- range . }}
    - {port: {{ . }}}
    {{- end }}
{{- end }}
{{- if and (eq $values.kafka.mode "strimzi") (include "mercato.usesKafka" .) }}
- to: [{{ include "mercato.network.strimzi" .root | fromYaml | toJson }}]
  ports: [{port: 9093}]
{{- end }}
{{- end }}

{{/* {root, name}: ports of external parts that the component speaks to, as a YAML list. */}}
{{- define "mercato.network.outsidePorts" -}}
{{- $values := .root.Values -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
{{- if and (eq $values.postgres.mode "external") (include "mercato.usesPostgres" .) }}
- {{ $values.postgres.external.port }}
{{- end }}
{{- if and (eq $values.kafka.mode "external") (include "mercato.usesKafka" .) }}
{{- range splitList "," $values.kafka.external.bootstrap }}
- {{ splitList ":" . | last }}
{{- end }}
{{- end }}
{{- if and (eq $values.payment.mode "stripe") (eq .name "payment") }}
- 443
{{- end }}
{{- if and (eq $values.mail.mode "external") (eq .name "notification") }}
- {{ $values.mail.external.port }}
{{- end }}
{{- if and $values.oidc.jwksUrl (has .name (list "gateway" "customer" "product" "order" "payment" "notification")) }}
- {{ include "mercato.portOf" $values.oidc.jwksUrl }}
{{- end }}
{{- if and $values.telemetry.otlpEndpoint $facts.metrics }}
- {{ include "mercato.portOf" $values.telemetry.otlpEndpoint }}
{{- end }}
{{- end }}

{{/* The port of a URL, its scheme's where none is written. */}}
{{- define "mercato.portOf" -}}
{{- $url := urlParse . -}}
{{- $parts := splitList ":" $url.host -}}
{{- if gt (len $parts) 1 }}{{ last $parts }}{{ else }}{{ eq $url.scheme "https" | ternary 443 80 }}{{ end -}}
{{- end }}
