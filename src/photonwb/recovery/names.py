"""Names that the standard gives, by which objects whose names are lost can be told from each other."""

from __future__ import annotations

__all__ = ["MEMBERS", "ROOT"]


def _listed(**names: str) -> list[tuple[str, str]]:
    return [(name, kind) for kind, several in names.items() for name in several.split()]


ROOT = sorted(
    (
        ("intervals", "group?"),
        ("units", "group?"),
        *_listed(
            group="acquisition analysis general processing specifications stimulus",
            dataset="file_create_date identifier session_description session_start_time timestamps_reference_time",
        ),
    )
)
# Members of series, and of tables, so that the one is not taken for the other.
MEMBERS = sorted(
    _listed(
        group="reference_images",
        array="data image_mask",
        dataset="control control_description data dimension external_file field_of_view format id pixel_mask "
        "pixel_mask_index rois start_time starting_time stop_time tags timestamps voxel_mask voxel_mask_index",
        link="device imaging_plane",
    )
)
