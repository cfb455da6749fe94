{{/* {root, weight}: metadata of what the setup Job is made of; it comes before everything else and goes when it is done. */}}
{{- define "mercato.setup.metadata" -}}
name: mercato-setup
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "mercato.labels" (dict "root" .root "name" "setup") | nindent 2 }}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
