"""A server of predictions over HTTP: `chainrule serve`. Needs the extra `serve`."""
