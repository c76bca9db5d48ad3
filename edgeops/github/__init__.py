"""GitHub: its REST API, and what it tells a workflow about itself."""
