#!/bin/sh
# Starts the graphmem of this machine: that on PATH, else that of pipx or uv. Without one, a session starts with a
# sentence that says so, and all other hooks say nothing.
for program in "$(command -v graphmem)" "$HOME/.local/bin/graphmem"; do
  [ -x "$program" ] && exec "$program" "$@"
done
case "$1 $3" in
  "on SessionStart") echo "The graphmem plugin found no program graphmem; it is installed by: uv tool install graphmem" ;;
  on*) ;;
  *) echo "graphmem: no program graphmem on PATH; run: uv tool install graphmem" >&2; exit 1 ;;
esac
