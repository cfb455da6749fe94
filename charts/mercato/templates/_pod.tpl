{{/*
The pod template of any workload. {root, name, containers}; and where needed initContainers, volumes (YAML lists as
text), restartPolicy.
*/}}
{{- define "mercato.pod" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
metadata:
  labels:
    {{- /* no version: an upgrade restarts only the pods whose image or settings it changes */}}
    {{- include "mercato.selector" . | nindent 4 }}
    {{- with $component.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with $component.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "mercato.podSpec" . | nindent 2 }}
{{- end }}

{{- define "mercato.podSpec" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
{{- $facts := index (include "mercato.components" .root | fromYaml) .name -}}
serviceAccountName: {{ include "mercato.account" . }}
automountServiceAccountToken: {{ $facts.api | default false }}
# Variables of every Service in the namespace would be taken for settings of the same name.
enableServiceLinks: false
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $component.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
terminationGracePeriodSeconds: {{ int64 $component.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml $component.podSecurityContext | nindent 2 }}
{{- if eq $facts.workload "Deployment" }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "mercato.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $component $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .initContainers }}
initContainers:
  {{- . | nindent 2 }}
{{- end }}
containers:
  {{- .containers | nindent 2 }}
volumes:
  {{- $volumes := include "mercato.podVolumes" . }}
  {{- $containers := printf "%s\n%s" (.initContainers | default "") .containers }}
  {{- include "mercato.validate.pod" (dict "name" .name "containers" $containers "volumes" $volumes) | nindent 2 }}
{{- end }}

{{- define "mercato.podVolumes" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
- {name: tmp, emptyDir: {}}
{{- with include "mercato.authorities" (merge (dict "want" "volumes") .) }}{{ . | nindent 0 }}{{ end }}
{{- with .volumes }}{{ . | nindent 0 }}{{ end }}
{{- with $component.extraVolumes }}{{ toYaml . | nindent 0 }}{{ end }}
{{- end }}

{{/* Pods that speak to the API server run under an account of their own; so does everyone else, without a token. */}}
{{- define "mercato.account" -}}
{{- if has .name (list "setup" "databases" "release" "smoke") }}mercato-{{ .name }}{{ else }}{{ .name }}{{ end -}}
{{- end }}

{{/* What every container has. {root, name}; resources: other than the component's. */}}
{{- define "mercato.hardened" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
securityContext:
  {{- toYaml $component.containerSecurityContext | nindent 2 }}
resources:
  {{- toYaml (.resources | default $component.resources) | nindent 2 }}
{{- end }}

{{/*
A container of a Python service. {root, name}; and where needed image, args, port (8080), env and mounts (YAML lists as
text), probes: false for one that ends.
*/}}
{{- define "mercato.service" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
- name: {{ .container | default .name }}
  image: {{ include "mercato.image" (dict "root" .root "image" (.image | default .name)) | quote }}
  args: {{ toJson (.args | default (list "serve")) }}
  {{- include "mercato.hardened" . | nindent 2 }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  env:
    {{- $env := printf "%s\n%s" (include "mercato.environment" .) (.env | default "") }}
    {{- include "mercato.env" (dict "env" $env "extra" $component.extraEnv) | nindent 4 }}
  {{- if not .ends }}
  ports:
    - {name: {{ .portName | default "http" }}, containerPort: {{ .port | default 8080 }}}
    - {name: metrics, containerPort: 9090}
    {{- with .ports }}{{ . | nindent 4 }}{{ end }}
  {{- include "mercato.probes" . | nindent 2 }}
  {{- end }}
  volumeMounts:
    - {name: tmp, mountPath: /tmp}
    {{- with include "mercato.authorities" (merge (dict "want" "mounts") .) }}{{ . | nindent 4 }}{{ end }}
    {{- with .mounts }}{{ . | nindent 4 }}{{ end }}
    {{- with $component.extraVolumeMounts }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}

{{/* A service may wait a minute for its settings at start; the gateway's control plane must be ready before Envoy is. */}}
{{- define "mercato.probes" -}}
{{- $component := include "mercato.component" . | fromYaml -}}
{{- $port := .portName | default "http" -}}
startupProbe:
  httpGet: {path: {{ .startup | default "/livez" }}, port: {{ $port }}}
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 180
livenessProbe:
  httpGet: {path: /livez, port: {{ $port }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- if not .sidecar }}
readinessProbe:
  httpGet: {path: /readyz, port: {{ $port }}}
  periodSeconds: 3
  timeoutSeconds: 5
  failureThreshold: 2
lifecycle:
  preStop: {sleep: {seconds: {{ int64 $component.preStopSeconds }}}}
{{- end }}
{{- end }}
