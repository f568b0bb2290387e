"""Pages: a frozen context, a pure build, a template."""
