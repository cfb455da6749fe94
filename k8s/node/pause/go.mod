// The process that holds a pod's namespaces.
module mercato.dev/node/pause

go 1.24.0
