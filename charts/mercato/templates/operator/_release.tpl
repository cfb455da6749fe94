{{/* {root, weight}: metadata of what lets objects go; it comes when all else of the release is gone, and goes when it is done. */}}
{{- define "mercato.release.metadata" -}}
name: mercato-release
namespace: {{ (.namespace | default .root.Release.Namespace) | quote }}
labels:
  {{- include "mercato.labels" (dict "root" .root "name" "release") | nindent 2 }}
annotations:
  helm.sh/hook: post-delete
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
