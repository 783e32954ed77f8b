"""The JSON form of requests and answers, the same on all surfaces: written, read back, and described as JSON Schema."""
