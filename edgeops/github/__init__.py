"""GitHub: its REST API, and the environment of a workflow step."""
