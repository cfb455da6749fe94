{{/* {root, kind}: the documents of that kind in the folder gateway-config, as a YAML list. */}}
{{- define "mercato.gateway.documents" -}}
{{- range $path, $content := .root.Files.Glob "files/gateway/*.yaml" }}
{{- range $document := regexSplit "(?m)^---[ \t]*(#.*)?$" (toString $content) -1 }}
{{- $manifest := fromYaml $document }}
{{- if hasKey $manifest "Error" }}
{{- fail (printf "%s: %s" $path $manifest.Error) }}
{{- end }}
{{- if eq ($manifest.kind | default "") $.kind }}
- {{ toJson $manifest }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether the gateway of ours reads its routes from objects: `true` or empty. */}}
{{- define "mercato.gateway.readsObjects" -}}
{{- if and (eq .Values.gateway.mode "builtin") (eq .Values.gateway.source "kubernetes") }}true{{ end -}}
{{- end }}
