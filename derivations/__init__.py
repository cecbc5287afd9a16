"""Notebooks that are also modules: what a page derives, the generator prints and the tests evaluate, is one Python object."""
