"""Builds the platform's images with Docker or buildah, and packs them for a cluster.

For other parts of the project:

    for archive in build.build(None, say=print):       # those whose inputs changed are built, all are packed
        load.import_archive(cluster, archive)
"""
