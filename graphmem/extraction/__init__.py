"""Reading conversations with a language model: what is sent, the endpoint, and the form of its answer.

Only a model's endpoint that the user's environment names is called. Each statement of an answer is checked against the
turns by `graphmem.sources.transcripts.quoted_statements` before it is recorded.
"""
