"""Tests of what files declare as components and modules."""
