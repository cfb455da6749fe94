{{/*
The issuer of tokens, one for all who write and read them: as given; else the address that people reach the platform by, as
far as the values tell it; else the gateway's name in the cluster, which nobody outside can use.
*/}}
{{- define "mercato.issuer" -}}
{{- .Values.oidc.issuer | default (include "mercato.publicAddress" .) | default "http://gateway" -}}
{{- end }}

{{/* Of the Ingress, or of the Gateway for another implementation. Empty without one, or where it takes any host or a wildcard. */}}
{{- define "mercato.publicAddress" -}}
{{- $api := .Values.gateway.gatewayApi -}}
{{- $door := dict -}}
{{- if eq .Values.gateway.mode "gateway-api" -}}
{{- $door = dict "host" $api.hostname "tls" $api.tlsSecretName -}}
{{- else if .Values.ingress.enabled -}}
{{- $door = dict "host" .Values.ingress.host "tls" .Values.ingress.tlsSecretName -}}
{{- end -}}
{{- if and $door.host (not (hasPrefix "*" $door.host)) -}}
{{- printf "%s://%s" (empty $door.tls | ternary "http" "https") $door.host -}}
{{- end -}}
{{- end }}

{{/* One line on discovery by clients, for the notes. */}}
{{- define "mercato.issuer.note" -}}
{{- $known := or .Values.oidc.issuer (include "mercato.publicAddress" .) -}}
{{- if .Values.oidc.jwksUrl -}}
Tokens are those of {{ .Values.oidc.issuer }}.
{{- else if $known -}}
OpenID Connect and OAuth clients find it under the issuer {{ $known }}; at any other address they refuse: set oidc.issuer to theirs.
{{- else if eq .Values.gateway.mode "gateway-api" -}}
OpenID Connect and OAuth clients need its address as the issuer: set gateway.gatewayApi.hostname, or oidc.issuer=https://HOST.
{{- else -}}
OpenID Connect and OAuth clients need the address they reach it by as the issuer: --set oidc.issuer=http://127.0.0.1:8080 for this port-forward.
{{- end -}}
{{- end }}
