"""From files to a release: upload, copies in git, and the release file."""
