"""Errors: what an RPC answers (by the CSI error scheme) and why the driver did not start.

Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#error-scheme
"""

import grpc


class CsiError(Exception):
    """An RPC's refusal: a gRPC status code and a sentence for the person who reads the event."""

    code = grpc.StatusCode.INTERNAL


class InvalidArgument(CsiError):
    """A field is missing or not supported; the caller must change the request."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotFound(CsiError):
    """The volume, snapshot or path does not exist on this node."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(CsiError):
    """The same name or path is there with other arguments."""

    code = grpc.StatusCode.ALREADY_EXISTS


class FailedPrecondition(CsiError):
    """The volume is in a state that does not allow the operation now."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class ResourceExhausted(CsiError):
    """The pool, the node's disk or the topology has no room for it."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class OutOfRange(CsiError):
    """The capacity range cannot be met."""

    code = grpc.StatusCode.OUT_OF_RANGE


class Aborted(CsiError):
    """Another operation on the same volume is under way, or a paging token is not one of ours."""

    code = grpc.StatusCode.ABORTED


class ConfigError(Exception):
    """A command-line argument or environment variable is wrong (exit code 2)."""


class StartError(Exception):
    """The machine lacks something that the driver cannot do without (exit code 3)."""
