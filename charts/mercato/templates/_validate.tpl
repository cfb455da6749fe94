{{/* What the schema cannot say: values that need each other. Each line names the value and what to do. */}}
{{- define "mercato.validate" -}}
{{- $values := .Values -}}
{{- $wrong := list -}}
{{- $images := dict "images.tag" (printf ":%s" $values.images.tag) -}}
{{- range $name, $image := $values.images.overrides -}}
{{- $_ := set $images (printf "images.overrides.%s" $name) $image -}}
{{- end -}}
{{- range $value, $image := $images -}}
{{- if hasSuffix ":latest" $image -}}
{{- $wrong = append $wrong (printf "%s is latest: give a version, so that all pods run the same" $value) -}}
{{- end -}}
{{- end -}}
{{- if eq $values.kafka.mode "external" -}}
{{- if not $values.kafka.external.bootstrap -}}
{{- $wrong = append $wrong "kafka.external.bootstrap is empty: give host:port of your brokers, or set kafka.mode to bundled" -}}
{{- end -}}
{{- if and (hasPrefix "SASL_" $values.kafka.external.securityProtocol) (not $values.kafka.existingSecret) -}}
{{- $wrong = append $wrong "kafka.existingSecret is empty: name the Secret with your Kafka users' passwords, or set kafka.external.securityProtocol to SSL or PLAINTEXT" -}}
{{- end -}}
{{- end -}}
{{- $external := $values.kafka.external -}}
{{- if and (eq $values.kafka.mode "external") $external.manageUsers -}}
{{- if or (not $external.adminUsername) $external.username (not (hasPrefix "SASL_" $external.securityProtocol)) (ne $external.saslMechanism "SCRAM-SHA-512") -}}
{{- $wrong = append $wrong "kafka.external.manageUsers needs adminUsername, no username, and SCRAM-SHA-512 as saslMechanism: give them, or set it to false" -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.kafka.mode "strimzi") (not $values.kafka.strimzi.namespace) (gt (int $values.kafka.topicReplicas) (int $values.kafka.strimzi.replicas)) -}}
{{- $wrong = append $wrong "kafka.topicReplicas is above kafka.strimzi.replicas: there are fewer brokers than that, lower it" -}}
{{- end -}}
{{- if eq $values.postgres.mode "external" -}}
{{- if not $values.postgres.external.host -}}
{{- $wrong = append $wrong "postgres.external.host is empty: give the address of your PostgreSQL, or set postgres.mode to bundled" -}}
{{- end -}}
{{- if and (hasPrefix "verify-" $values.postgres.external.sslMode) (not $values.postgres.external.caSecret) -}}
{{- $wrong = append $wrong "postgres.external.caSecret is empty: name the Secret whose ca.crt verifies the server, or set postgres.external.sslMode to require" -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.payment.mode "stripe") (not $values.payment.existingSecret) -}}
{{- $wrong = append $wrong "payment.existingSecret is empty: name the Secret with Stripe's api-key and webhook-secret, or set payment.mode to simulator" -}}
{{- end -}}
{{- if and (eq $values.mail.mode "external") (not $values.mail.external.host) -}}
{{- $wrong = append $wrong "mail.external.host is empty: give the address of your SMTP server, or set mail.mode to bundled or none" -}}
{{- end -}}
{{- if and (eq $values.gateway.mode "gateway-api") (not $values.gateway.gatewayApi.className) -}}
{{- $wrong = append $wrong "gateway.gatewayApi.className is empty: name the GatewayClass of your implementation, or set gateway.mode to builtin" -}}
{{- end -}}
{{- if and (index $values.settings "gateway") (ne $values.gateway.mode "builtin") -}}
{{- $wrong = append $wrong "settings.gateway is given but there is no gateway of ours to read it: remove it, or set gateway.mode to builtin" -}}
{{- end -}}
{{- if and $values.ingress.enabled (ne $values.gateway.mode "builtin") -}}
{{- $wrong = append $wrong "ingress.enabled is true but there is no gateway of ours to lead to: set it to false, or gateway.mode to builtin" -}}
{{- end -}}
{{- if and $values.oidc.jwksUrl (not $values.oidc.issuer) -}}
{{- $wrong = append $wrong "oidc.issuer is empty: name the issuer whose keys oidc.jwksUrl has, as its tokens do in `iss`" -}}
{{- end -}}
{{- if not $values.oidc.jwksUrl -}}
{{- range $key, $ours := dict "rolesClaim" "roles" "emailClaim" "email" "nameClaim" "name" -}}
{{- if ne (index $values.oidc $key) $ours -}}
{{- $wrong = append $wrong (printf "oidc.%s is not %s, the name in our own tokens: leave it out, or set oidc.jwksUrl to your issuer's keys" $key $ours) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not $values.setup.enabled -}}
{{- range $key, $given := dict "admin.existingSecret" $values.admin.existingSecret "oidc.signingKeysSecret" $values.oidc.signingKeysSecret "oidc.refreshSecret" $values.oidc.refreshSecret "payment.existingSecret" $values.payment.existingSecret "postgres.existingSecret" $values.postgres.existingSecret -}}
{{- if not $given -}}
{{- $wrong = append $wrong (printf "%s is empty: name the Secret, or set setup.enabled to true" $key) -}}
{{- end -}}
{{- end -}}
{{- if and (ne $values.kafka.mode "external") (not $values.kafka.existingSecret) -}}
{{- $wrong = append $wrong "kafka.existingSecret is empty: name the Secret, or set setup.enabled to true" -}}
{{- end -}}
{{- end -}}
{{- range $key, $host := dict "ingress.host" $values.ingress.host "gateway.gatewayApi.hostname" $values.gateway.gatewayApi.hostname -}}
{{- if regexMatch "^[0-9]+(\\.[0-9]+){3}$" $host -}}
{{- $wrong = append $wrong (printf "%s is an address: give a name, or leave it empty for any" $key) -}}
{{- end -}}
{{- end -}}
{{- $wrong = concat $wrong (include "mercato.validate.components" . | fromYamlArray) -}}
{{- with include "mercato.validate.resources" (dict "key" "gateway.controlPlane" "resources" $values.gateway.controlPlane.resources) | trim -}}
{{- $wrong = append $wrong . -}}
{{- end -}}
{{- if $wrong -}}
{{- fail (printf "\n%s" (join "\n" $wrong)) -}}
{{- end -}}
{{- end }}
