"""A database for a rehearsal is of the schema of today."""

from __future__ import annotations

from campana.store import migrations
from campana.store.throwaway import template_name


def test_each_schema_has_a_template_of_its_own() -> None:
    versions = migrations.versions()
    assert template_name(versions) != template_name([*versions, "9999"])
    assert template_name(versions) == template_name(versions)
