{{/* A Deployment of one Python service: {root, name} and what "mercato.service" and "mercato.pod" take. */}}
{{- define "mercato.serviceDeployment" -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
{{- $migrate := "" -}}
{{- if $facts.database -}}
{{- $migrate = include "mercato.service" (merge (dict "container" "migrate" "image" .name "args" (list "migrate") "ends" true) .) -}}
{{- end -}}
{{- include "mercato.deployment" (merge (dict "containers" (include "mercato.service" .) "initContainers" $migrate) .) }}
{{- end }}

{{- define "mercato.deployment" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "mercato.metadata" . | nindent 2 }}
    {{- if and $facts.settings $component.restartOnConfig }}
    mercato.dev/restart-on-config: "true"
    {{- end }}
spec:
  {{- if not (include "mercato.scaled" .) }}
  replicas: {{ int64 $component.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  # A new pod is ready before an old one goes: no request and no message waits for a rollout.
  strategy:
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "mercato.selector" . | nindent 6 }}
  template:
    {{- include "mercato.pod" . | nindent 4 }}
{{- end }}

{{/* One pod with a volume: {root, name, persistence, containers}; the volume is called `data`. */}}
{{- define "mercato.statefulSet" -}}
{{- $volume := "{name: data, emptyDir: {}}" -}}
{{- if .persistence.enabled -}}
{{- $volume = printf "{name: data, persistentVolumeClaim: {claimName: mercato-%s}}" .name -}}
{{- end -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  {{- include "mercato.metadata" . | nindent 2 }}
spec:
  serviceName: {{ .name }}
  replicas: 1
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "mercato.selector" . | nindent 6 }}
  template:
    {{- include "mercato.pod" (merge (dict "volumes" (printf "- %s" $volume)) .) | nindent 4 }}
{{- end }}

{{/* A Job that may run again: {root, name, module, env, mounts, volumes}. Without a container's own backoff. */}}
{{- define "mercato.jobSpec" -}}
backoffLimit: 6
ttlSecondsAfterFinished: {{ int64 .root.Values.setup.ttlSecondsAfterFinished }}
template:
  {{- include "mercato.pod" (merge (dict "restartPolicy" "OnFailure" "containers" (include "mercato.task" .)) .) | nindent 2 }}
{{- end }}

{{/* The container of a Job: a module of the setup image. */}}
{{- define "mercato.task" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
- name: {{ .name }}
  image: {{ include "mercato.image" (dict "root" .root "image" "operator") | quote }}
  args: [{{ .module }}]
  {{- include "mercato.hardened" . | nindent 2 }}
  env:
    {{- include "mercato.env" (dict "env" .env "extra" $component.extraEnv) | nindent 4 }}
  volumeMounts:
    - {name: tmp, mountPath: /tmp}
    {{- with include "mercato.authorities" (merge (dict "want" "mounts") .) }}{{ . | nindent 4 }}{{ end }}
    {{- with .mounts }}{{ . | nindent 4 }}{{ end }}
    {{- with $component.extraVolumeMounts }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}
