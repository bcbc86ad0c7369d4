"""Configuration: YAML files loaded, checked against the signatures of what they build, and described."""
