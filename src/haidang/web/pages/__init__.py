"""One module a page: frozen context and pure build."""
