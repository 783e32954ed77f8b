"""The tripwire: what a change of code brings in, compared with what memories in force have rejected. Pure functions."""
