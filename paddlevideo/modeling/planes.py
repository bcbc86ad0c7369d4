"""The planes that a head sees after the embedding, by name and in the order of its weights.

Of each there is one an id. The first are the reference's; further ones come after these, so that weights can grow.
"""

from __future__ import annotations


def interaction_planes(interaction_map: bool = False, rivals: bool = False) -> tuple[str, ...]:
    """Return the interaction head's: strokes, the mask so far, what looks like the strokes, and the rivals' of both."""
    names = ["strokes", "previous"]
    if interaction_map:
        names.append("strokes_map")
    if rivals:
        names.append("rival_strokes")
    if rivals and interaction_map:
        names.append("rival_strokes_map")
    return tuple(names)


def propagation_planes(rivals: bool = False) -> tuple[str, ...]:
    """Return the propagation head's: global and local map, the mask of the frame beside, and the rivals' two maps."""
    names = ("global_map", "local_map", "previous")
    return (*names, "rival_global_map", "rival_local_map") if rivals else names
