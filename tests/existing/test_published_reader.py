"""The published account's rights are to read, and what the reading controls read."""

import yaml

from plumbline.components.existing import access, reader

RULES = {"get", "list"}


def documents(pytestconfig):
    return list(yaml.safe_load_all((pytestconfig.rootpath / "local" / access.MANIFEST).read_text()))


def test_its_rights_are_to_read(pytestconfig):
    (role,) = [each for each in documents(pytestconfig) if each["kind"] == "ClusterRole"]
    for rule in role["rules"]:
        assert set(rule["verbs"]) <= RULES, rule
        for resource in rule.get("resources", ()):
            assert "/" not in resource, rule
            assert resource not in ("*", "secrets", "configmaps"), rule
    assert not any("*" in rule.get("apiGroups", ()) for rule in role["rules"])


def test_it_is_the_account_that_the_library_installs(pytestconfig):
    found = {each["kind"]: each["metadata"] for each in documents(pytestconfig)}
    account = found["ServiceAccount"]
    assert (account["namespace"], account["name"]) == (reader.NAMESPACE, reader.NAME)
    assert found["Namespace"]["name"] == reader.NAMESPACE
