# Sourced by test-wheel and freeze/test-deb: a virtual display, and a stroke drawn in digitpad's window.

# Start Xvfb; sets `server`, its process, and DISPLAY.
start_display() {
  for tool in Xvfb xdotool; do
    command -v "$tool" >/dev/null || { echo "$tool not found. Debian: sudo apt install xvfb xdotool" >&2; exit 1; }
  done
  mkfifo "$1/number"
  Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp 3<>"$1/number" 2>/dev/null &
  server=$!
  read -r number <"$1/number"
  DISPLAY=:$number
  export DISPLAY
}

# Wait until process $1 has used no CPU time for a second: everything is loaded and read.
wait_until_idle() {
  before=
  for _ in $(seq 120); do
    used=$(cut -d ' ' -f 14,15 "/proc/$1/stat")
    [ "$used" != "$before" ] || return 0
    before=$used
    sleep 1
  done
  echo "the window is never idle" >&2
  return 1
}

# Draw a 1 in the window of process $1 and quit it; returns the exit status of the program.
draw_and_quit() {
  window=$(timeout 120 xdotool search --sync --onlyvisible --class digitpad) || { echo "no window opens" >&2; return 1; }
  xdotool windowmove --sync "$window" 0 0
  wait_until_idle "$1" || return 1
  xdotool mousemove 400 120 mousedown 1
  for y in $(seq 140 20 300); do xdotool mousemove 400 "$y" sleep 0.01; done
  xdotool mouseup 1
  wait_until_idle "$1" || return 1
  xdotool key q
  wait "$1"
}
