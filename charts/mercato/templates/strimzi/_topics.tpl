{{/*
The topics that the manifests of k8s/topics stand for: name → {partitions, retention}; as mercato_operator.topics says it,
which the tests hold side by side.
*/}}
{{- define "mercato.topics" -}}
{{- range $path, $content := .Files.Glob "files/topics/*.yaml" -}}
{{- $manifest := fromYaml (toString $content) }}
{{- $spec := $manifest.spec }}
{{- $name := $spec.topicName | default $manifest.metadata.name }}
{{ $name }}: {partitions: {{ $spec.partitions }}, replicas: {{ $spec.replicas }}, retention: {{ include "mercato.milliseconds" $spec.retention }}}
{{- range $group := $spec.consumers }}
{{- if $spec.retry.enabled }}
{{ $name }}.{{ $group }}.retry: {partitions: {{ $spec.partitions }}, replicas: {{ $spec.replicas }}, retention: {{ include "mercato.milliseconds" $spec.retention }}}
{{- end }}
{{- if $spec.deadLetter.enabled }}
{{ $name }}.{{ $group }}.dead-letter: {partitions: 1, replicas: {{ $spec.replicas }}, retention: {{ include "mercato.milliseconds" $spec.deadLetter.retention }}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "mercato.milliseconds" -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- mul (trimSuffix $unit .) (dig $unit 0 (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000)) -}}
{{- end }}

{{/* {root, name}: what the user of a service may do, as Strimzi's ACLs; as mercato_operator.acls says it. */}}
{{- define "mercato.strimziAcls" -}}
{{- if eq .name "toolbox" -}}
# Reads all topics and how far each group has come, and puts dead letters back.
- {resource: {type: topic, name: "*", patternType: literal}, operations: [Describe, Read, Write]}
- {resource: {type: group, name: "*", patternType: literal}, operations: [Describe, Read]}
{{- else -}}
{{- range $path, $content := .root.Files.Glob "files/topics/*.yaml" }}
{{- $manifest := fromYaml (toString $content) }}
{{- $spec := $manifest.spec }}
{{- $name := $spec.topicName | default $manifest.metadata.name }}
{{- if has $.name $spec.producers }}
- {resource: {type: topic, name: {{ $name }}, patternType: literal}, operations: [Describe, Write]}
{{- end }}
{{- if has $.name $spec.consumers }}
- {resource: {type: topic, name: {{ $name }}, patternType: literal}, operations: [Describe, Read]}
{{- if $spec.retry.enabled }}
- {resource: {type: topic, name: {{ $name }}.{{ $.name }}.retry, patternType: literal}, operations: [Describe, Read, Write]}
{{- end }}
{{- if $spec.deadLetter.enabled }}
- {resource: {type: topic, name: {{ $name }}.{{ $.name }}.dead-letter, patternType: literal}, operations: [Describe, Write]}
{{- end }}
{{- end }}
{{- end }}
- {resource: {type: group, name: {{ .name }}, patternType: literal}, operations: [Read]}
{{- end }}
{{- end }}
