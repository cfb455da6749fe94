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
- to: [{ipBlock: {cidr: {{ $values.networkPolicy.apiServer.cidr }}}}]
  ports:
    {{- range $values.networkPolicy.apiServer.ports }}
    - {port: {{ . }}}
    {{- end }}
{{- end }}
{{- with include "mercato.network.outsidePorts" . | fromYamlArray | uniq }}
- to:
    - ipBlock:
        cidr: {{ $values.networkPolicy.external.cidr }}
        {{- with $values.networkPolicy.external.except }}
        except: {{ toJson . }}
        {{- end }}
  ports:
    {{- range . }}
    - {port: {{ . }}}
    {{- end }}
{{- end }}
{{- if and (eq $values.kafka.mode "strimzi") $facts.kafka }}
- to: [{podSelector: {matchLabels: {strimzi.io/cluster: {{ $values.kafka.strimzi.clusterName }}}}}]
  ports: [{port: 9093}]
{{- end }}
{{- end }}

{{/* {root, name}: ports of external parts that the component speaks to, as a YAML list. */}}
{{- define "mercato.network.outsidePorts" -}}
{{- $values := .root.Values -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
{{- if and (eq $values.postgres.mode "external") (or $facts.database (eq .name "databases")) }}
- {{ $values.postgres.external.port }}
{{- end }}
{{- if and (eq $values.kafka.mode "external") (or $facts.kafka (eq .name "topics")) }}
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
