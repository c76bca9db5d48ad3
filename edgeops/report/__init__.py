"""Values to text, JSON, Markdown, workflow annotations and HTML; no logic."""
