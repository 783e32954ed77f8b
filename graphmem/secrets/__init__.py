"""Secrets in texts: recognised by gitleaks' rules, and redacted or refused before they are stored."""
