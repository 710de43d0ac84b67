"""The resources of `/v1` and their unversioned neighbors: shapes and endpoints together."""
