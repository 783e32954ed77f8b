"""Precision and recall of statements by rule on logs of meetings in which decisions were recorded."""
