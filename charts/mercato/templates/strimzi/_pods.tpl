{{/*
{root, name}: metadata of what Strimzi makes pods of. It copies their labels, `helm.sh/chart` among them: with the version
of the chart on it, each upgrade would restart the brokers.
*/}}
{{- define "mercato.strimzi.metadata" -}}
name: {{ .name | quote }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "mercato.selector" (dict "root" .root "name" "kafka") | nindent 2 }}
  app.kubernetes.io/part-of: mercato
  app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
{{- end }}

{{/*
Strimzi's pods are restricted only where its operator or the object says so; `fsGroup` is what it sets itself, but where
the cluster gives the ids.
*/}}
{{- define "mercato.strimzi.pod" -}}
securityContext: {runAsNonRoot: true, {{ if hasKey .Values.defaults.podSecurityContext "fsGroup" }}fsGroup: 0, {{ end }}seccompProfile: {type: RuntimeDefault}}
{{- end }}

{{- define "mercato.strimzi.container" -}}
securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
{{- end }}

{{/* Where the Kafka is. */}}
{{- define "mercato.strimzi.namespace" -}}
{{ .Values.kafka.strimzi.namespace | default .Release.Namespace }}
{{- end }}
