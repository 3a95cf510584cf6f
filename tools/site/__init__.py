"""What MkDocs does not do by itself for the documentation's site: `mkdocs.yml` names `hooks.py`."""
