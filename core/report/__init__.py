"""Report: one study as HTML, Markdown and JSON."""
