"""A Kubernetes cluster for development: kind where a container engine answers, else a single node of its own.

For other parts of the project:

    cluster = Cluster.find("mercato")               # or Cluster(name, data); cluster.kubeconfig, cluster.path
    cluster.require_running()
    load.import_archive(cluster, Path("images.tar"))
    control.stop(cluster, "kube-apiserver"); control.start(cluster, "kube-apiserver")     # single node only

The single node lives in a process, a mount and a network namespace of its own. Killing its first process ends all
of it, pods included, and takes every mount and interface with it, so `down` is sure and quick.
"""
