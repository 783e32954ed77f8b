"""Tasks of a repository: exports of issue trackers, TODO and FIXME comments, and feature flags, with their lives."""
