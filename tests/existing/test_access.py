"""An account that may do more than read is found out, whichever right it has, and nothing is judged with it."""

import re

import pytest
from existingtest import Kube

from plumbline.components.existing import access
from plumbline.components.existing.mapping import Cluster, Map
from plumbline.components.existing.stack import Existing
from plumbline.core.errors import Unfit
from plumbline.kube.kinds import KINDS, path_of
from plumbline.kube.transport import ApiError


def reading(server, namespaces):
    return Existing(server, Map(Cluster("v1.36.2", tuple(namespaces))))


class Server(Kube):
    """An API server at which one account asks, and may do some things.

    Attributes:
        rights: "verb resource namespace" of what the reviews allow.
        unguarded: a pattern of "METHOD path" that is not forbidden, whatever the reviews say.
        calls: what was written or tried.
    """

    def __init__(self, *rights: str, unguarded: str = "nothing", status: int = 404) -> None:
        super().__init__()
        self.rights, self.unguarded, self.status, self.calls = set(rights), unguarded, status, []

    def request(self, method, path, *, body=None, content_type="", **query):
        if path.endswith("selfsubjectreviews"):
            return {"status": {"userInfo": {"username": "somebody"}}}
        if path.endswith("selfsubjectaccessreviews"):
            asked = body["spec"]["resourceAttributes"]
            what = asked["resource"] + (f"/{asked['subresource']}" if asked["subresource"] else "")
            return {"status": {"allowed": f"{asked['verb']} {what} {asked['namespace']}".strip() in self.rights}}
        assert query == {"dryRun": "All"}, "a write that would be kept"
        self.calls.append(f"{method} {path}")
        let = re.fullmatch(self.unguarded, f"{method} {path}")
        raise ApiError(method, path, self.status if let else 403, "as told")


def test_who_may_only_read_is_let_in_after_every_write_was_tried():
    server = Server("get pods chain", "list nodes")
    reading(server, ["chain", "edge"]).require()
    for kind in ("deployments", "statefulsets", "secrets", "networkpolicies", "poddisruptionbudgets"):
        for space in ("chain", "edge"):
            tried = [call for call in server.calls if f"/namespaces/{space}/{kind}" in call]
            assert len(tried) == len({call.split()[0] for call in tried}) == 4, (kind, space, tried)


@pytest.mark.parametrize(
    "right",
    [
        "create pods chain",
        "patch deployments edge",
        "deletecollection configmaps chain",
        "update nodes",
        "get secrets chain",
        "list secrets",
        "watch secrets edge",
        "create pods/exec chain",
        "get pods/exec chain",
        "get pods/portforward edge",
        "create pods/proxy chain",
        "get services/proxy chain",
        "get nodes/proxy",
        "create serviceaccounts/token chain",
        "create pods/eviction chain",
        "create rolebindings chain",
        "bind clusterroles",
        "impersonate serviceaccounts chain",
    ],
)
def test_one_right_too_many_stops_everything(right):
    server = Server(right)
    with pytest.raises(Unfit, match="somebody") as refused:
        reading(server, ["chain", "edge"]).require()
    verb, resource, *space = right.split()
    assert f"may {verb} {resource}" in str(refused.value)
    assert not space or f"in namespace {space[0]}" in str(refused.value)
    assert not server.calls, "a write was tried by who has a right to it"


@pytest.mark.parametrize("status", [200, 404, 409, 422])
def test_a_write_that_is_not_forbidden_stops_everything(status):
    with pytest.raises(Unfit, match=r"is not forbidden to DELETE .*/chain/secrets/"):
        reading(Server(unguarded="DELETE .*/chain/secrets/.*", status=status), ["chain"]).require()


def test_an_api_server_that_does_not_tell_proves_nothing():
    class Mute(Server):
        def request(self, method, path, **_):
            raise ConnectionError("refused")

    with pytest.raises(Unfit, match="cannot be proved read-only"):
        reading(Mute(), ["chain"]).require()


def test_everything_that_can_be_named_is_asked_about():
    asked = {right.resource for right in access.dangerous(["chain"])}
    assert {path_of(kind, "chain").rpartition("/")[2] for kind in KINDS} <= asked
    assert {"pods/exec", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"} <= asked
