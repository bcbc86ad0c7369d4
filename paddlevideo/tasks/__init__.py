"""What ``main.py`` runs: train, test and infer, each a run book over loader, model, session and writers."""
