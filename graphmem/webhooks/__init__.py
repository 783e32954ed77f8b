"""Webhooks of GitHub and GitLab: signed deliveries become durable events, and events lead to readings of mirrors."""
