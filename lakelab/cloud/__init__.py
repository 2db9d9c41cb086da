"""The local AWS: one process in which a gateway puts the lake services in front of a core."""
